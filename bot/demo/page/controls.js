// The strip beside the workspace: the world, time, faults and the bot itself.
import { byId, fill, h, toast } from "./dom.js";
import { ago } from "./mrkdwn.js";
import { deed, look, state, worldNow } from "./live.js";

const VERBS = {
  complete: ["Complete", "Planned and running sessions", true],
  start: ["Start", "Planned sessions", false],
  correct: ["Correct", "Completed sessions", true],
  reopen: ["Re-open", "Completed sessions", false],
};
let verb = "complete";
let chosen = null;

async function run(name, body, said) {
  const answer = await deed(name, body);
  toast(answer.ok ? answer.said || said : answer.error, answer.ok ? "" : "bad");
  return answer.ok;
}

const busy = (node, promise) => { node.disabled = true; promise.finally(() => { node.disabled = false; }); };
const act = (label, deedName, body, said, extra = "") => h("button", { type: "button", class: `btn small ${extra}`, onclick: (event) => busy(event.currentTarget, run(deedName, body, said)) }, label);

function panel(id, title, ...children) {
  return h("section", { class: "panel", id: `panel-${id}`, "aria-labelledby": `panel-${id}-title` }, h("h2", { id: `panel-${id}-title` }, title), children);
}

function sessionsPanel() {
  const verbs = h("div", { class: "segments", role: "radiogroup", "aria-label": "What to do" }, Object.entries(VERBS).map(([key, [label]]) =>
    h("label", {}, h("input", { type: "radio", name: "verb", value: key, checked: key === verb, onchange: () => { verb = key; refreshSessions(); } }), h("span", {}, label))));
  const range = h("input", { type: "range", id: "result-range", min: 0, max: 100, value: 55, "aria-label": "Result in percent" });
  const number = h("input", { type: "number", id: "result", class: "input", min: 0, max: 100, value: 55, "aria-label": "Result in percent" });
  range.addEventListener("input", () => { number.value = range.value; });
  number.addEventListener("input", () => { range.value = number.value; });
  const set = (value) => () => { number.value = range.value = value; };
  return panel("sessions", "Sessions", verbs,
    h("input", { type: "search", class: "input", id: "session-search", placeholder: "Search person, checklist, site", "aria-label": "Search sessions", oninput: () => { clearTimeout(waiting); waiting = setTimeout(refreshSessions, 150); } }),
    h("div", { class: "session-list", id: "session-list", role: "radiogroup", "aria-label": "Sessions" }),
    h("div", { class: "result-row", id: "result-row" }, range, number, h("span", {}, "%"),
      h("span", { class: "presets" }, [55, 78, 95].map((value) => h("button", { type: "button", class: "chip", onclick: set(value) }, `${value} %`)))),
    h("button", { type: "button", class: "btn primary wide", id: "session-do", onclick: (event) => busy(event.currentTarget, doSession()) }, "Complete"),
    h("div", { class: "row" }, act("Plan one", "plan", {}, "Planned"), act("Burst of 8", "burst", { count: 8 }, "Eight sessions ended"), act("One zero", "zero", {}, "Completed with nothing on one criterion")));
}

let waiting = null;
let asked = 0;

async function refreshSessions() {
  const number = (asked += 1);
  const [label, , scored] = VERBS[verb];
  byId("result-row").hidden = !scored;
  byId("session-do").textContent = label;
  let rows;
  try { rows = (await look("/sessions", { verb, q: byId("session-search").value })).sessions; } catch { return; }
  if (number !== asked) return;
  if (!rows.some((row) => row.id === chosen)) chosen = rows[0]?.id || null;
  byId("session-do").disabled = !chosen;
  const focused = byId("session-list").contains(document.activeElement) ? document.activeElement.value : null;
  fill(byId("session-list"), rows.length ? rows.map((row) => h("label", { class: "session" },
    h("input", { type: "radio", name: "session", value: row.id, checked: row.id === chosen, onchange: () => { chosen = row.id; } }),
    h("strong", {}, row.employee), " ", h("span", { class: "session-state" }, row.state), " ",
    h("span", { class: "session-title" }, row.checklist, " ", h("span", { class: "session-id" }, row.short)), h("small", {}, `${row.observer}, ${row.place}, ${row.when}`))) : h("p", { class: "empty" }, "No session fits."));
  if (focused) byId("session-list").querySelector(`input[value="${CSS.escape(focused)}"]`)?.focus();
}

async function doSession() {
  if (!chosen) return;
  const body = { id: chosen, ...(VERBS[verb][2] ? { result: Number(byId("result").value) } : {}) };
  await run(verb, body, "Done");
  await refreshSessions();
}

function timePanel() {
  return panel("time", "Time", h("p", { class: "clock" }, h("strong", { id: "clock-time" }), h("span", { id: "clock-date" })),
    h("div", { class: "row" }, h("span", { class: "row-label" }, "Let pass"), ...[["1 hour", 3600], ["1 day", 86400], ["7 days", 604800]].map(([label, seconds]) => act(label, "pass_time", { seconds }, `${label} passed`))),
    h("label", { class: "switch" }, h("input", { type: "checkbox", id: "happenings", role: "switch", onchange: (event) => run("happenings", { on: event.target.checked }, event.target.checked ? "The world goes on by itself" : "The world holds still") }),
      h("span", {}, "New things happen by themselves")));
}

function faultsPanel() {
  const select = h("select", { class: "select", id: "fault", "aria-label": "Fault" });
  const times = h("input", { type: "number", class: "input", id: "fault-times", min: 1, max: 20, value: 1, "aria-label": "How many times" });
  return panel("faults", "Faults", select, h("p", { class: "note", id: "fault-about" }),
    h("div", { class: "row" }, h("label", { class: "times" }, times, h("span", {}, "times")),
      h("button", { type: "button", class: "btn small", onclick: (event) => busy(event.currentTarget, run("fault", { key: select.value, times: Number(times.value) }, "Ordered")) }, "Order it"),
      act("Clear all", "clear_faults", {}, "Everything works again")),
    h("ul", { class: "ordered", id: "ordered", "aria-label": "Ordered faults" }));
}

function botPanel() {
  return panel("bot", "The bot", h("p", { class: "bot-state", role: "status" }, h("span", { class: "dot", id: "bot-dot", "aria-hidden": "true" }), h("span", { id: "bot-words" })),
    h("div", { class: "row" }, act("Kill (SIGKILL)", "kill", {}, "Killed", "danger"), act("Restart", "restart", {}, "Started")),
    h("details", {}, h("summary", {}, "Last API calls"), h("div", { class: "calls", id: "calls", tabindex: "0", role: "region", "aria-label": "Last API calls" })),
    h("details", {}, h("summary", {}, "The bot's log"), h("pre", { class: "log", id: "log", tabindex: "0" })));
}

export function startControls() {
  fill(byId("controls"), h("h1", { class: "controls-title" }, "Behind the scenes"), botPanel(), sessionsPanel(), timePanel(), faultsPanel());
  byId("fault").addEventListener("change", aboutFault);
  setInterval(drawClock, 1000);
}

export function openControl(id, wanted, result) {
  if (wanted) {
    verb = wanted;
    const radio = document.querySelector(`input[name=verb][value=${wanted}]`);
    if (radio) radio.checked = true;
    if (result !== undefined) byId("result").value = byId("result-range").value = result;
    refreshSessions();
  }
  const strip = byId("controls");
  if (getComputedStyle(strip).position === "fixed" && !strip.classList.contains("opened")) byId("open-controls").click();
  byId(`panel-${id}`).scrollIntoView({ block: "start", behavior: "smooth" });
  byId(`panel-${id}`).classList.add("pointed");
  setTimeout(() => byId(`panel-${id}`).classList.remove("pointed"), 1600);
  byId("session-do").focus({ preventScroll: true });
}

function aboutFault() {
  const fault = state.faults.menu.find((one) => one.key === byId("fault").value);
  byId("fault-about").textContent = fault?.about || "";
  byId("fault-times").parentElement.hidden = fault?.once === true;
}

function drawClock() {
  if (!state.clock.now) return;
  const now = worldNow();
  byId("clock-time").textContent = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium", timeZone: "UTC" }).format(now);
  byId("clock-date").textContent = `${new Intl.DateTimeFormat("en-GB", { weekday: "short", day: "numeric", month: "short", year: "numeric", timeZone: "UTC" }).format(now)} UTC`;
}

const BOT_WORDS = {
  running: (bot) => `Running, pid ${bot.pid}${bot.connected ? ", connected to Slack" : ", connecting to Slack"}`,
  starting: () => "Starting…", stopping: () => "Stopping…",
  killed: () => "Killed. It starts again only when you press Restart.",
  exited: (bot) => `Ended by itself (exit ${bot.code}). The log says why.`,
  stopped: () => "Stopped",
};

export function drawControls(news) {
  if (news.bot || news.all) {
    byId("bot-dot").className = `dot ${state.bot.state}`;
    const words = (BOT_WORDS[state.bot.state] || (() => state.bot.state))(state.bot);
    if (byId("bot-words").textContent !== words) byId("bot-words").textContent = words;
  }
  if (news.clock) { byId("happenings").checked = state.clock.happenings; drawClock(); }
  if (news.faults) {
    const select = byId("fault");
    const groups = [...new Set(state.faults.menu.map((fault) => fault.group))];
    const before = select.value;
    if (!select.options.length || news.all) fill(select, groups.map((group) => h("optgroup", { label: group }, state.faults.menu.filter((fault) => fault.group === group).map((fault) => h("option", { value: fault.key }, fault.name)))));
    if (before) select.value = before;
    aboutFault();
    fill(byId("ordered"), state.faults.ordered.map((fault) => h("li", {}, fault.name, fault.left && h("small", {}, ` ${fault.left} left`))));
  }
  if (news.calls) fill(byId("calls"), state.calls.length ? state.calls.map((call) => h("div", { class: `call ${call.bad ? "bad" : ""}` },
    h("span", { class: "call-to" }, call.to), h("code", {}, call.what), h("span", { class: "call-answer" }, call.answer), h("time", {}, ago((worldNow() - call.at * 1000) / 1000)))) : h("p", { class: "empty" }, "None yet."));
  if (news.log) {
    const log = byId("log");
    const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 40;
    log.textContent = state.log.join("\n");
    if (atEnd) log.scrollTop = log.scrollHeight;
  }
  if (news.all || news.world) refreshSessions();
}
