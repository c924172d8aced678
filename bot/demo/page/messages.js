// The middle of the page: messages, threads, the Home tab.
import { appAvatar, avatar, byId, fill, h, toast } from "./dom.js";
import { blocksNode } from "./blocks.js";
import { channelById, deed, personById, state, worldNow } from "./live.js";
import { dateWords, mrkdwn } from "./mrkdwn.js";

export const context = {
  person: (id) => (state.app && id === state.app.id ? state.app : personById(id)),
  channel: channelById,
  people: () => state.people.filter((person) => !person.is_bot),
  channels: () => visibleChannels().filter((channel) => channel.kind !== "im"),
  now: worldNow,
  get zone() { return personById(state.viewer)?.tz || "UTC"; },
};

// `seen`: viewer/channel → the last message they had before them; `loaded`: channel → the last one when the page was opened.
export const view = { channel: null, thread: null, seen: new Map(), loaded: new Map() };

export const lastSeen = (viewer, channel) => view.seen.get(`${viewer}/${channel}`) || view.loaded.get(channel) || "0";

export function visibleChannels(viewer = state.viewer) {
  return state.channels.filter((channel) => (channel.kind === "im" ? channel.user === viewer : channel.members.includes(viewer)));
}

const mayRead = (message, viewer = state.viewer) => !message.only_for || message.only_for === viewer;

export function messagesOf(channel) {
  return [...state.messages.values()].filter((message) => message.channel === channel && mayRead(message)).sort((a, b) => a.ts.localeCompare(b.ts));
}

const order = (ts) => Number(ts);
const replies = (message) => messagesOf(message.channel).filter((other) => other.thread_ts === message.ts && other.ts !== message.ts);
const isReply = (message) => message.thread_ts && message.thread_ts !== message.ts;

function actOn(message) {
  return async (action) => {
    const answer = await deed("act", { user: state.viewer, channel: message.channel, ts: message.ts, only_for: message.only_for || null, action });
    if (!answer.ok) toast(answer.error, "bad");
  };
}

export function rawDialog(title, value) {
  const text = JSON.stringify(value, null, 2);
  const opener = document.activeElement;
  const dialog = h("dialog", { class: "raw", "aria-label": title },
    h("header", {}, h("h2", {}, title), h("button", { type: "button", class: "icon-button", "aria-label": "Close", onclick: () => dialog.close() }, "✕")),
    h("pre", { tabindex: "0" }, text),
    h("div", { class: "dialog-foot" }, h("button", { type: "button", class: "btn", onclick: async () => {
      try { await navigator.clipboard.writeText(text); toast("Copied"); } catch { toast("This browser does not let pages copy; select the text instead", "bad"); }
    } }, "Copy")));
  dialog.addEventListener("close", () => { dialog.remove(); opener?.focus(); });
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
  document.body.append(dialog);
  dialog.showModal();
}

function body(message) {
  const tools = { context, act: actOn(message) };
  const parts = [];
  // What people typed is drawn from its text: there names and links are marked up.
  if (message.blocks?.length && message.user === state.app?.id) parts.push(blocksNode(message.blocks, tools));
  else if (message.text) parts.push(h("div", { class: "text" }, mrkdwn(message.text, context)));
  for (const attachment of message.attachments || []) {
    const bar = h("div", { class: "attachment" }, attachment.blocks ? blocksNode(attachment.blocks, tools) : mrkdwn(attachment.text || attachment.fallback, context));
    if (/^#?[0-9a-f]{6}$/i.test(attachment.color || "")) bar.style.borderInlineStartColor = `#${attachment.color.replace("#", "")}`;
    parts.push(bar);
  }
  for (const file of message.files || []) {
    parts.push(h("div", { class: "attachment" }, h("a", { href: file.url_private_download, download: file.name }, `${file.title || file.name} (${file.name})`)));
  }
  return parts;
}

function messageNode(message, { inThread = false } = {}) {
  const fromApp = state.app && message.user === state.app.id;
  const author = fromApp ? state.app : personById(message.user) || { name: message.user || "Slack" };
  const when = order(message.ts);
  const thread = inThread ? [] : replies(message);
  return h("article", { class: `message ${message.only_for ? "ephemeral" : ""} ${fromApp ? "from-app" : ""}`, data: { id: message.id, ts: message.ts } },
    fromApp ? appAvatar() : avatar(author),
    h("div", { class: "message-main" },
      message.only_for && h("p", { class: "only-you" }, "Only visible to you"),
      h("div", { class: "message-head" },
        h("strong", { class: "author" }, author.name), fromApp && h("span", { class: "badge" }, "APP"),
        h("time", { class: "stamp", title: dateWords("{date_long}, {time_secs}", when, context) }, dateWords("{time}", when, context)),
        h("span", { class: "message-tools" },
          !message.only_for && !inThread && h("button", { type: "button", class: "tool", "aria-label": "Open thread", title: "Thread", onclick: () => openThread(message) }, "↳"),
          h("button", { type: "button", class: "tool", "aria-label": "Raw JSON", title: "Raw JSON", onclick: () => rawDialog("Raw message", message.raw) }, "{}"))),
      h("div", { class: "message-body" }, body(message), message.edited && h("span", { class: "edited" }, "(edited)")),
      thread.length > 0 && h("button", { type: "button", class: "thread-link", onclick: () => openThread(message) },
        `${thread.length} ${thread.length === 1 ? "reply" : "replies"}`)));
}

const shown = new Map();

// Only what changed is made again, so that focus, an open menu and the reader's place survive.
function syncList(container, wanted, make, key) {
  const cache = shown.get(key) || new Map();
  shown.set(key, cache);
  const alive = new Set(wanted.map((item) => item.id));
  for (const [id, kept] of cache) if (!alive.has(id)) { kept.node.remove(); cache.delete(id); }
  let after = null;
  for (const item of wanted) {
    const print = JSON.stringify(item.print);
    let kept = cache.get(item.id);
    if (!kept || kept.print !== print) {
      const node = make(item);
      if (kept) {
        const focused = kept.node.contains(document.activeElement) ? document.activeElement : null;
        const again = focused?.dataset.key || focused?.getAttribute("aria-label");
        kept.node.replaceWith(node);
        node.classList.add("changed");
        if (focused) [...node.querySelectorAll("button, select, a, input")].find((other) => (other.dataset.key || other.getAttribute("aria-label")) === again)?.focus();
      }
      kept = { node, print };
      cache.set(item.id, kept);
    }
    const place = after ? after.nextSibling : container.firstChild;
    if (kept.node !== place) container.insertBefore(kept.node, place);
    after = kept.node;
  }
}

function forget(key, container) { shown.delete(key); container.replaceChildren(); }

let drawn = null;

export function drawMessages() {
  const list = byId("messages");
  const scroll = byId("scroll");
  const key = `${state.viewer}/${view.channel}`;
  const fresh = drawn !== key;
  const isHome = view.channel === "home";
  list.hidden = isHome;
  byId("home").hidden = !isHome;
  byId("composer").hidden = isHome;
  if (isHome) {
    drawHome();
    if (fresh) scroll.scrollTop = 0;
    drawn = key;
    byId("jump").hidden = true;
    return;
  }
  if (fresh) { list.setAttribute("aria-live", "off"); forget("main", list); }
  const atEnd = fresh || scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 80;
  const messages = messagesOf(view.channel).filter((message) => !isReply(message));
  const rows = [];
  let day = null;
  // The line "New" stands above what waited when the channel was opened, not above what arrives under the reader's eyes.
  const isUnread = (message, from) => message.ts > from && message.user !== state.viewer;
  const before = lastSeen(state.viewer, view.channel);
  if (fresh) view.newFrom = messages.find((message) => isUnread(message, before))?.ts || null;
  for (const message of messages) {
    const today = dateWords("{date_long_pretty}", order(message.ts), context);
    if (today !== day) { rows.push({ id: `day-${today}`, print: today, day: today }); day = today; }
    if (message.ts === view.newFrom) rows.push({ id: "new", print: "new", fresh: true });
    rows.push({ id: message.id, message, print: [message, replies(message).length] });
  }
  if (!messages.length) rows.push({ id: "empty", print: view.channel, empty: true });
  syncList(list, rows, (row) => {
    if (row.day) return h("div", { class: "day", role: "separator" }, h("span", {}, row.day.charAt(0).toUpperCase() + row.day.slice(1)));
    if (row.fresh) return h("div", { class: "new-line", role: "separator" }, h("span", {}, "New"));
    if (row.empty) return h("p", { class: "empty" }, "Nothing here yet. Type /ojt to ask Spotter, or complete a session in the controls.");
    return messageNode(row.message);
  }, "main");
  const last = messages.at(-1)?.ts;
  if (atEnd) { requestAnimationFrame(() => { scroll.scrollTop = scroll.scrollHeight; }); byId("jump").hidden = true; }
  else if (last && last > lastSeen(state.viewer, view.channel)) byId("jump").hidden = false;
  if (!document.hidden) view.seen.set(key, last || "0");
  drawn = key;
  if (fresh) requestAnimationFrame(() => list.setAttribute("aria-live", "polite"));
}

// The Home waits for the release: a button that is replaced between press and release loses the click.
let pressing = false;
byId("home").addEventListener("pointerdown", () => { pressing = true; });
for (const end of ["pointerup", "pointercancel"]) {
  document.addEventListener(end, () => {
    if (!pressing) return;
    pressing = false;
    setTimeout(() => { if (view.channel === "home") drawHome(); });
  });
}

function drawHome() {
  if (pressing) return;
  const home = state.homes[state.viewer];
  const box = byId("home");
  const print = JSON.stringify([state.viewer, home]);
  if (box.dataset.print === print) return;
  const focused = box.contains(document.activeElement) ? document.activeElement.dataset.key : null;
  box.dataset.print = print;
  const act = async (action) => {
    const answer = await deed("act", { user: state.viewer, view_id: home.id, action });
    if (!answer.ok) toast(answer.error, "bad");
  };
  fill(box, home
    ? [h("div", { class: "home-tools" }, h("button", { type: "button", class: "tool", "aria-label": "Raw JSON", onclick: () => rawDialog("Raw Home view", home) }, "{}")), blocksNode(home.blocks, { context, act })]
    : h("p", { class: "empty" }, "Spotter has published no Home for this person yet."));
  if (focused) box.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus();
}

function openThread(message) {
  view.thread = message.id;
  drawThread();
  byId("thread").querySelector("textarea")?.focus();
}

export function closeThread() { view.thread = null; drawThread(); byId("composer-text").focus(); }

let threadFor = null;

export function drawThread() {
  const pane = byId("thread");
  const parent = view.thread && state.messages.get(view.thread);
  pane.hidden = !parent;
  if (!parent) { threadFor = null; pane.replaceChildren(); return; }
  if (threadFor !== parent.id) {
    threadFor = parent.id;
    shown.delete("thread");
    const text = h("textarea", { rows: 2, "aria-label": "Reply", placeholder: "Reply…" });
    const send = async () => {
      const words = text.value.trim();
      if (!words) return;
      const answer = await deed("say", { user: state.viewer, channel: parent.channel, text: words, thread_ts: parent.ts });
      if (answer.ok) text.value = ""; else toast(answer.error, "bad");
    };
    text.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !event.shiftKey) { event.preventDefault(); send(); }
      if (event.key === "Escape") closeThread();
    });
    fill(pane, h("header", {}, h("h2", {}, "Thread"), h("button", { type: "button", class: "icon-button", "aria-label": "Close thread", onclick: closeThread }, "✕")),
      h("div", { class: "thread-list", role: "log", tabindex: "0", "aria-label": "Thread messages" }), h("form", { class: "thread-reply", onsubmit: (event) => { event.preventDefault(); send(); } }, text, h("button", { class: "btn primary", type: "submit" }, "Reply")));
  }
  syncList(pane.querySelector(".thread-list"), [parent, ...replies(parent)].map((message) => ({ id: message.id, message, print: message })), (row) => messageNode(row.message, { inThread: true }), "thread");
}
