// The page's beginning: who looks, at what, and what is drawn when news comes.
import { appAvatar, arrowKeys, byId, fill, h, remember, remembered } from "./dom.js";
import { startComposer } from "./composer.js";
import { drawControls, startControls } from "./controls.js";
import { channelById, connect, deed, onChange, personById, state } from "./live.js";
import { closeThread, drawMessages, drawThread, lastSeen, messagesOf, view, visibleChannels } from "./messages.js";
import { drawModal } from "./modals.js";
import { startWelcome } from "./welcome.js";

const unread = (channel) => {
  const seen = lastSeen(state.viewer, channel.id);
  return messagesOf(channel.id).filter((message) => message.ts > seen && message.user !== state.viewer).length;
};

const HOME = { id: "home", name: "Home", kind: "home" };

const nameOf = (channel) => (channel.kind === "im" ? state.app?.name || "Spotter" : channel.name);

// The lock is drawn: not every machine has a font with that sign.
const signOf = (channel) => (channel.kind === "private" ? h("span", { class: "lock" }) : { home: "⌂", channel: "#" }[channel.kind]);

function entry(channel) {
  const open = view.channel === channel.id;
  const count = channel.kind === "home" || open ? 0 : unread(channel);
  return h("button", { type: "button", class: `place ${open ? "open" : ""} ${count ? "unread" : ""} ${channel.archived ? "archived" : ""}`, "aria-current": open ? "page" : undefined,
    data: { channel: channel.id, key: channel.id }, onclick: () => go(channel.id) },
  channel.kind === "im" ? appAvatar("tiny") : h("span", { class: "place-sign", "aria-hidden": "true" }, signOf(channel)),
  h("span", { class: "place-name" }, nameOf(channel)), channel.kind === "private" && h("span", { class: "sr" }, " (private)"), count > 0 && h("span", { class: "count" }, count, h("span", { class: "sr" }, " unread")));
}

function drawSidebar() {
  const places = visibleChannels();
  const channels = places.filter((channel) => channel.kind !== "im").sort((a, b) => a.rank - b.rank || a.name.localeCompare(b.name));
  const direct = places.filter((channel) => channel.kind === "im");
  // Made again only when it differs: a button that is replaced between press and release loses the click.
  const print = JSON.stringify([state.viewer, view.channel, state.app, channels.concat(direct).map((channel) => [channel.id, channel.name, channel.kind, channel.archived, unread(channel)])]);
  if (byId("sidebar").dataset.print === print) return;
  byId("sidebar").dataset.print = print;
  const focused = byId("sidebar").contains(document.activeElement) ? document.activeElement.dataset.key : null;
  fill(byId("sidebar"),
    h("div", { class: "sidebar-head" }, h("strong", {}, state.app?.team || "Workspace"), h("span", {}, personById(state.viewer)?.name)),
    h("h2", {}, "Apps"), entry(HOME), direct.map(entry),
    h("h2", {}, "Channels"), channels.map(entry));
  if (focused) byId("sidebar").querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus();
  const total = places.reduce((sum, channel) => sum + (channel.id === view.channel ? 0 : unread(channel)), 0);
  document.title = total ? `(${total}) Spotter demo` : "Spotter demo";
}

function notesOn(channel) {
  if (channel.kind === "home") return ["The app's Home tab, made for you"];
  if (channel.kind === "im") return ["Direct messages with the app"];
  const app = channel.has_app ? "Spotter is in" : "Spotter is not in this channel";
  return [channel.topic, `${channel.members.length} members`, app, channel.archived && "archived"];
}

function drawHead() {
  const channel = view.channel === HOME.id ? HOME : channelById(view.channel);
  if (!channel) return;
  const isRoom = channel.kind === "channel" || channel.kind === "private";
  fill(byId("conversation-title"), isRoom && [signOf(channel), " "], nameOf(channel));
  byId("conversation-topic").textContent = notesOn(channel).filter(Boolean).join(" · ");
  const title = `${isRoom ? "# " : ""}${nameOf(channel)}`;
  byId("composer-text").setAttribute("aria-label", `Message ${title}`);
  byId("composer-text").placeholder = `Message ${title}, or ${state.hints.command} for Spotter`;
}

function go(channel) {
  view.channel = channel;
  if (view.thread) closeThread();
  closeDrawers();
  remember("channel", channel);
  if (channel === "home") deed("open_home", { user: state.viewer });
  document.dispatchEvent(new Event("went"));
  draw();
}

function beViewer(id) {
  state.viewer = id;
  remember("viewer", id);
  view.thread = null;
  if (view.channel !== "home" && !visibleChannels().some((channel) => channel.id === view.channel)) {
    const first = visibleChannels().filter((channel) => channel.kind !== "im").sort((a, b) => a.rank - b.rank)[0];
    view.channel = first?.id || "home";
  }
  if (view.channel === "home") deed("open_home", { user: id });
  draw();
}

function drawViewers() {
  const select = byId("viewer");
  const curated = new Set(state.cast.map((one) => one.id));
  const print = JSON.stringify([state.cast, state.people.map((person) => person.id)]);
  if (select.dataset.print !== print) {
    select.dataset.print = print;
    fill(select,
      h("optgroup", { label: "Try these" }, state.cast.map((one) => h("option", { value: one.id }, `${personById(one.id)?.name} · ${one.label}`))),
      h("optgroup", { label: "Everyone" }, state.people.filter((person) => !person.is_bot && !curated.has(person.id)).map((person) => h("option", { value: person.id }, person.name))));
  }
  select.value = state.viewer;
}

function draw() {
  if (!state.viewer) return;
  drawViewers();
  drawMessages();
  drawSidebar();
  drawHead();
  drawThread();
  drawModal();
}

function drawer(button, panel, other) {
  const open = panel.classList.toggle("opened");
  button.setAttribute("aria-expanded", String(open));
  other.classList.remove("opened");
  byId("scrim").hidden = !open;
  if (open) panel.querySelector("button, input, select")?.focus();
}

function closeDrawers() {
  for (const [button, panel] of [["open-sidebar", "sidebar"], ["open-controls", "controls"]]) {
    if (byId(panel).classList.contains("opened") && byId(panel).contains(document.activeElement)) byId(button).focus();
    byId(panel).classList.remove("opened");
    byId(button).setAttribute("aria-expanded", "false");
  }
  byId("scrim").hidden = true;
}

function startTheme() {
  const system = matchMedia("(prefers-color-scheme: dark)");
  const show = (theme) => { document.documentElement.dataset.theme = theme || (system.matches ? "dark" : "light"); };
  show(remembered("theme"));
  system.addEventListener("change", () => { if (!remembered("theme")) show(); });
  byId("theme").addEventListener("click", () => {
    const next = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
    remember("theme", next);
    show(next);
  });
}

startTheme();
startComposer();
startControls();
startWelcome(go, beViewer);
arrowKeys(byId("sidebar"), ".place");
byId("viewer").addEventListener("change", (event) => beViewer(event.target.value));
byId("open-sidebar").addEventListener("click", (event) => drawer(event.currentTarget, byId("sidebar"), byId("controls")));
byId("open-controls").addEventListener("click", (event) => drawer(event.currentTarget, byId("controls"), byId("sidebar")));
byId("scrim").addEventListener("click", closeDrawers);
byId("jump").addEventListener("click", () => { byId("scroll").scrollTop = byId("scroll").scrollHeight; byId("jump").hidden = true; });
byId("scroll").addEventListener("scroll", () => { const box = byId("scroll"); if (box.scrollHeight - box.scrollTop - box.clientHeight < 40) byId("jump").hidden = true; });
document.addEventListener("visibilitychange", () => { if (!document.hidden) draw(); });
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !document.querySelector("dialog[open]")) { if (byId("sidebar").classList.contains("opened") || byId("controls").classList.contains("opened")) closeDrawers(); else if (view.thread) closeThread(); }
  const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(document.activeElement?.tagName) || document.querySelector("dialog[open]");
  if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !byId("composer").hidden) byId("composer-text").focus();
});

onChange((news) => {
  if (news.all) {
    const known = (id) => id && personById(id);
    if (!known(state.viewer)) {
      for (const message of state.messages.values()) if (message.ts > (view.loaded.get(message.channel) || "")) view.loaded.set(message.channel, message.ts);
      view.channel = remembered("channel") || null;
      beViewer(known(remembered("viewer")) ? remembered("viewer") : state.cast[0]?.id || state.people[0]?.id);
      document.body.classList.add("ready");
    }
  }
  drawControls(news);
  draw();
});
connect((up) => { byId("link-state").textContent = up ? "" : "Connecting…"; document.body.classList.toggle("offline", !up); });
