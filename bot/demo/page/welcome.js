// What a newcomer can try, each with a button that takes them there.
import { byId, fill, h, remember, remembered } from "./dom.js";
import { prefill } from "./composer.js";
import { openControl } from "./controls.js";
import { state } from "./live.js";

const named = (name) => state.channels.find((channel) => channel.name === name)?.id;

export function startWelcome(go, play) {
  const box = byId("welcome");
  const done = new Set((remembered("tried") || "").split(",").filter(Boolean));
  const steps = [
    ["Watch a low result arrive", "Complete a session with 55 %. A few seconds later its card is in the results channel.", "Complete one", () => { go(named("ojt-results")); openControl("sessions", "complete", 55); }],
    ["Open its details", "Press Details on the card: only you see the answer, with every criterion.", "Show the channel", () => go(named("ojt-results"))],
    ["Ask in your own words", "Who failed this week? The answer starts with the numbers and says how it was understood.", "Type it for me", () => { go(named("ojt-results")); prefill("/ojt who failed this week"); }],
    ["See what needs a supervisor", "Home as a site's supervisor: what needs attention first, then the people, then settings.", "Be the supervisor", () => { const id = state.cast.find((one) => one.role === "supervisor")?.id; if (id) play(id); go("home"); }],
    ["Get a digest, then some quiet", "/ojt digest now sends one at once; /ojt mute 4h keeps a channel quiet and sends one recap at the end.", "Type it for me", () => { go(named("ojt-results")); prefill("/ojt digest now"); }],
    ["Subscribe another channel", "In a store's channel: /ojt subscribe outcome:failed. From then on the cards come there too.", "Take me there", () => { go(state.channels.find((channel) => channel.name.startsWith("store-") && channel.has_app && channel.members.includes(state.viewer))?.id || named("ojt-results")); prefill("/ojt subscribe outcome:failed"); }],
    ["Fail by one criterion", "Make “Line sheet signed” critical as the admin and press Save, then One zero in the controls: 94 %, and failed all the same.", "Type it for me", () => { go(named("ojt-results")); prefill("/ojt target critical \"Line sheet signed\""); }],
    ["Correct, then break it", "Correct a session and see its card change. Then start a burst and kill the bot in the middle: after the restart each session was told exactly once.", "Open the controls", () => { openControl("sessions", "correct", 90); }],
  ];
  const close = () => { box.hidden = true; remember("welcomed", "yes"); byId("show-welcome").focus(); };
  const draw = () => fill(box,
    h("header", {}, h("div", {}, h("h2", {}, "Welcome. This is Spotter at work."),
      h("p", {}, "A made-up company, a made-up iSpring Learn and a made-up Slack, all on this machine. The bot is the real one.")),
    h("button", { type: "button", class: "icon-button", "aria-label": "Close the welcome", onclick: close }, "✕")),
    h("ol", {}, steps.map(([title, about, label, act], index) => h("li", { class: done.has(String(index)) ? "done" : "" },
      h("span", { class: "step-sign", "aria-hidden": "true" }, done.has(String(index)) ? "✓" : index + 1),
      h("div", {}, h("strong", {}, title), h("p", {}, about)),
      h("button", { type: "button", class: "btn small", onclick: () => { done.add(String(index)); remember("tried", [...done].join(",")); draw(); act(); } }, label)))));
  draw();
  box.hidden = remembered("welcomed") === "yes";
  byId("show-welcome").addEventListener("click", () => { box.hidden = !box.hidden; if (!box.hidden) box.querySelector("button").focus(); });
}
