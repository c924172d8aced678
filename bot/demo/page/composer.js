// The message box: plain words, or a command with hints that the keyboard can choose.
import { byId, fill, h, toast } from "./dom.js";
import { deed, state } from "./live.js";
import { view } from "./messages.js";

const text = () => byId("composer-text");
const MOST_MENTIONS = 8;
let hints = [];
let active = -1;

// What could be typed next: the people and the app behind an @, else commands, then examples of the command that is there.
function hintsFor(words, registry) {
  const { command, entries } = registry;
  const at = /(^|\s)@([\w.-]*)$/.exec(words);
  if (at) return mentions(words.slice(0, words.length - at[2].length), at[2].toLowerCase());
  if (!words.startsWith("/")) return [];
  if (command.startsWith(words)) return words.length <= command.length ? [{ text: `${command} `, usage: command, about: "Spotter: ask about on-the-job training" }, ...entries.map((entry) => whole(command, entry))] : [];
  if (!words.startsWith(`${command} `)) return [];
  const rest = words.slice(command.length + 1);
  const [verb, ...more] = rest.split(" ");
  if (!more.length) return entries.filter((entry) => entry.name.startsWith(verb.toLowerCase())).map((entry) => whole(command, entry));
  const entry = entries.find((candidate) => candidate.name === verb.toLowerCase());
  if (!entry) return [];
  const tail = more.join(" ");
  const examples = (entry.examples || []).filter((example) => example.startsWith(tail) && example !== tail)
    .map((example) => ({ text: `${command} ${entry.name} ${example}`, usage: `${entry.name} ${example}`, about: "example" }));
  const last = more.at(-1);
  const keys = (entry.keys || []).filter((key) => last !== undefined && key.startsWith(last.replace(/^-/, "")) && key !== last)
    .map((key) => ({ text: words.slice(0, words.length - last.length) + (last.startsWith("-") ? "-" : "") + key, usage: key, about: "narrows the answer" }));
  return [...examples, ...keys];
}

const mentions = (before, wanted) => state.people
  .filter((person) => person.handle.startsWith(wanted) || person.name.toLowerCase().split(" ").some((part) => part.startsWith(wanted)))
  .slice(0, MOST_MENTIONS)
  .map((person) => ({ text: `${before}${person.handle} `, usage: `@${person.handle}`, about: person.name }));

const whole = (command, entry) => ({ text: `${command} ${entry.name}${entry.usage === entry.name ? "" : " "}`, usage: `${command} ${entry.usage}`, about: entry.about });

function draw() {
  const box = byId("hints");
  box.hidden = hints.length === 0;
  text().setAttribute("aria-expanded", String(hints.length > 0));
  fill(box, hints.map((hint, index) => h("li", { role: "option", id: `hint-${index}`, "aria-selected": String(index === active), class: index === active ? "active" : "",
    onpointerdown: (event) => { event.preventDefault(); choose(index); } }, h("code", {}, hint.usage), h("span", {}, hint.about))));
  if (active >= 0) { text().setAttribute("aria-activedescendant", `hint-${active}`); byId(`hint-${active}`)?.scrollIntoView({ block: "nearest" }); }
  else text().removeAttribute("aria-activedescendant");
}

function refresh() {
  hints = hintsFor(text().value, state.hints);
  active = -1;
  draw();
  const node = text();
  node.style.height = "auto";
  node.style.height = `${Math.min(node.scrollHeight, 160)}px`;
}

function choose(index) { text().value = hints[index].text; text().focus(); refresh(); }

export function prefill(words) { text().value = words; text().focus(); refresh(); hints = []; draw(); }

async function send() {
  const words = text().value.trim();
  if (!words || !view.channel || view.channel === "home") return;
  text().value = "";
  refresh();
  const slash = words.startsWith("/");
  const answer = await deed(slash ? "command" : "say", { user: state.viewer, channel: view.channel, text: words });
  if (!answer.ok) { toast(answer.error, "bad"); if (!text().value) prefill(words); }
}

export function startComposer() {
  const node = text();
  node.addEventListener("input", refresh);
  node.addEventListener("focus", refresh);
  node.addEventListener("blur", () => { hints = []; draw(); });
  node.addEventListener("keydown", (event) => {
    if (hints.length && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      event.preventDefault();
      active = (active + (event.key === "ArrowDown" ? 1 : active < 0 ? 0 : -1) + hints.length) % hints.length;
      draw();
    } else if (hints.length && event.key === "Tab" && !event.shiftKey) { event.preventDefault(); choose(Math.max(active, 0)); }
    else if (hints.length && event.key === "Escape") { event.stopPropagation(); hints = []; active = -1; draw(); }
    else if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); if (active >= 0) choose(active); else send(); }
  });
  byId("composer").addEventListener("submit", (event) => { event.preventDefault(); send(); });
}
