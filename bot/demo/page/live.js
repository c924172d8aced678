// What the page knows, kept up to date over one WebSocket that reconnects by itself.
export const state = {
  people: [], cast: [], channels: [], messages: new Map(), homes: {}, modals: {}, app: null, hints: { command: "/ojt", entries: [] },
  bot: { state: "starting" }, clock: { now: 0, happenings: true }, calls: [], log: [], faults: { menu: [], ordered: [] }, viewer: null,
};

const listeners = new Set();
export const onChange = (listener) => listeners.add(listener);

let clockRead = { at: performance.now(), unix: 0 };
export const worldNow = () => new Date(clockRead.unix * 1000 + (performance.now() - clockRead.at));

export const personById = (id) => state.people.find((person) => person.id === id) || null;
export const channelById = (id) => state.channels.find((channel) => channel.id === id) || null;

function take(news) {
  if (news.all) state.messages.clear();
  for (const message of news.messages || []) state.messages.set(message.id, message);
  for (const id of news.gone || []) state.messages.delete(id);
  for (const key of ["people", "cast", "channels", "homes", "modals", "app", "hints", "bot", "clock", "calls", "log", "faults"]) if (key in news) state[key] = news[key];
  if (news.clock) clockRead = { at: performance.now(), unix: news.clock.now };
  for (const listener of listeners) listener(news);
}

export function connect(onLink) {
  let wait = 250;
  const open = () => {
    const socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/live`);
    socket.onopen = () => { wait = 250; onLink(true); };
    socket.onmessage = (event) => take(JSON.parse(event.data));
    socket.onclose = () => { onLink(false); setTimeout(open, wait); wait = Math.min(wait * 1.8, 4000); };
  };
  open();
}

// One deed of the viewer or of the director. Answers {ok, ...} and never throws.
export async function deed(name, body = {}) {
  try {
    const reply = await fetch(`/do/${name}`, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
    return await reply.json();
  } catch {
    return { ok: false, error: "The demo does not answer. Is it still running in the terminal?" };
  }
}

export async function look(path, query = {}) {
  const reply = await fetch(`${path}?${new URLSearchParams(query)}`);
  return reply.json();
}
