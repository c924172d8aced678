// What a newcomer can try, one step at a time, each with a button that takes them there as who can do it.
import { byId, fill, h, remember, remembered } from "./dom.js";
import { prefill } from "./composer.js";
import { openControl } from "./controls.js";
import { state } from "./live.js";

const named = (name) => state.channels.find((channel) => channel.name === name)?.id;

export function startWelcome(go, play) {
  const box = byId("welcome");
  const as = (role) => { const id = state.cast.find((one) => one.role === role)?.id; if (id && id !== state.viewer) play(id); };
  const inResults = () => { as("admin"); go(named("ojt-results")); };
  const store = () => state.channels.find((channel) => channel.name.startsWith("store-") && channel.has_app && channel.members.includes(state.viewer))?.id;
  const steps = [
    ["Watch a low result arrive", "Complete a session with 55 %. A few seconds later its card is in the results channel.", "Complete one", () => { inResults(); openControl("sessions", "complete", 55); }],
    ["Open its details", "Press Details on the card: only you see the answer, with every criterion.", "Show the channel", inResults],
    ["Ask in your own words", "Who failed this week? The answer starts with the numbers and says how it was understood.", "Type it for me", () => { inResults(); prefill("/ojt who failed this week"); }],
    ["See what needs a supervisor", "Home as a site's supervisor: what needs attention first, then the people, then settings.", "Be the supervisor", () => { as("supervisor"); go("home"); }],
    ["Get a digest, then some quiet", "/ojt digest now sends one at once; /ojt mute keeps a channel quiet and sends one recap at the end.", "Type it for me", () => { inResults(); prefill("/ojt digest now"); }],
    ["Subscribe another channel", "In a store's channel: /ojt subscribe failed. From then on the cards come there too.", "Take me there", () => { as("admin"); go(store() || named("ojt-results")); prefill("/ojt subscribe failed"); }],
    ["Fail by one criterion", "Make “Line sheet signed” critical as the admin and press Save, then One zero in the controls: 95 %, and failed all the same.", "Type it for me", () => { inResults(); prefill("/ojt target critical \"Line sheet signed\""); }],
    ["Correct, then break it", "Correct a session and see its card change. Then order a fault, or kill the bot, and complete more: each session is told exactly once.", "Open the controls", () => { openControl("sessions", "correct", 90); }],
  ];
  let at = Math.min(Number(remembered("step") || 0) || 0, steps.length - 1);
  const close = () => { box.hidden = true; remember("welcomed", "yes"); byId("show-welcome").focus(); };
  const turn = (by) => { at = (at + by + steps.length) % steps.length; remember("step", String(at)); draw(); };
  const icon = (label, sign, onclick) => h("button", { type: "button", class: "icon-button", "aria-label": label, onclick }, sign);
  function draw() {
    const [title, about, label, act] = steps[at];
    fill(box,
      h("header", {},
        h("h2", {}, at ? title : `Welcome, this is Spotter at work: ${title.charAt(0).toLowerCase()}${title.slice(1)}`),
        h("div", { class: "welcome-steps" }, icon("The step before", "‹", () => turn(-1)), h("span", {}, `${at + 1} of ${steps.length}`), icon("The next step", "›", () => turn(1)), icon("Close the welcome", "✕", close))),
      h("div", { class: "welcome-step" }, h("p", {}, at ? about : `${about} Company, iSpring Learn and Slack are made up and run on this machine; the bot is the real one.`),
        h("button", { type: "button", class: "btn small", onclick: () => { act(); giveWay(); } }, label)));
  }
  draw();
  box.hidden = remembered("welcomed") === "yes";
  // On a narrow page it would cover what it leads to: the steps are then behind the question mark.
  const giveWay = () => { if (matchMedia("(max-width: 760px)").matches) box.hidden = true; };
  document.addEventListener("went", giveWay);
  byId("show-welcome").addEventListener("click", () => { box.hidden = !box.hidden; if (!box.hidden) box.querySelector("button").focus(); });
}
