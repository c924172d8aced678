// Slack's mrkdwn, as elements. `context` answers names: person(id), channel(id), zone, now.
import { h } from "./dom.js";
import { emoji, withPictures } from "./emoji.js";

const ENTITIES = { "&amp;": "&", "&lt;": "<", "&gt;": ">" };
const unescape = (text) => text.replace(/&(amp|lt|gt);/g, (entity) => ENTITIES[entity]);

const TAGS = { "*": "strong", _: "em", "~": "s" };
const isWord = (sign) => sign !== undefined && /[\p{L}\p{N}]/u.test(sign);

export function dateWords(template, unix, context) {
  const moment = new Date(unix * 1000);
  const zone = context.zone;
  const write = (options) => new Intl.DateTimeFormat("en-GB", { timeZone: zone, ...options }).format(moment);
  const dayOf = (when) => new Intl.DateTimeFormat("en-CA", { timeZone: zone }).format(when);
  const pretty = (plain) => {
    const away = Math.round((Date.parse(dayOf(moment)) - Date.parse(dayOf(context.now()))) / 864e5);
    return { "-1": "yesterday", 0: "today", 1: "tomorrow" }[away] || plain;
  };
  const long = write({ weekday: "long", day: "numeric", month: "long", year: "numeric" });
  const middle = write({ day: "numeric", month: "long", year: "numeric" });
  const short = write({ day: "numeric", month: "short", year: "numeric" }).replace("Sept", "Sep"); // as messages spell it
  const words = {
    date_num: dayOf(moment), date: middle, date_short: short, date_long: long, date_slash: write({ day: "2-digit", month: "2-digit", year: "numeric" }),
    date_pretty: pretty(middle), date_short_pretty: pretty(short), date_long_pretty: pretty(long),
    time: write({ hour: "2-digit", minute: "2-digit" }), time_secs: write({ hour: "2-digit", minute: "2-digit", second: "2-digit" }),
    ago: ago((context.now() - moment) / 1000),
  };
  return template.replace(/\{(\w+)\}/g, (whole, name) => words[name] ?? whole);
}

export function ago(seconds) {
  const ahead = seconds < 0;
  const away = Math.abs(seconds);
  const [count, unit] = away < 60 ? [0, ""] : away < 3600 ? [Math.round(away / 60), "minute"]
    : away < 86400 ? [Math.round(away / 3600), "hour"] : [Math.round(away / 86400), "day"];
  if (!unit) return "just now";
  const words = `${count} ${unit}${count === 1 ? "" : "s"}`;
  return ahead ? `in ${words}` : `${words} ago`;
}

export function safeLink(url, children) {
  if (!/^(https?:|mailto:)/i.test(url)) return h("span", {}, children);
  return h("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, children);
}

export const mention = (id, context) => h("span", { class: "mention" }, `@${context.person(id)?.name || id}`);
export const channelMention = (id, label, context) => h("span", { class: "mention" }, `#${context.channel(id)?.name || label || id}`);

function token(inner, context) {
  const [body, label] = inner.split(/\|(.*)/s);
  if (body.startsWith("@")) return mention(body.slice(1), context);
  if (body.startsWith("#")) return channelMention(body.slice(1), label, context);
  if (body.startsWith("!date^")) {
    const [, unix, template, link] = body.split("^");
    const when = Number(unix);
    const words = Number.isFinite(when) && template ? dateWords(unescape(template), when, context) : unescape(label || "");
    const time = h("time", { datetime: Number.isFinite(when) ? new Date(when * 1000).toISOString() : undefined, title: unescape(label || "") }, words);
    return link ? safeLink(unescape(link), time) : time;
  }
  if (body.startsWith("!subteam^")) return h("span", { class: "mention" }, label || body);
  if (body.startsWith("!")) return h("span", { class: "mention loud" }, `@${body.slice(1)}`);
  return safeLink(unescape(body), unescape(label ?? body));
}

// Where the emphasis that opens at `start` ends, or -1; code and <tokens> inside it are stepped over.
function closing(text, start, sign) {
  for (let at = start + 1; at < text.length; at += 1) {
    if (text[at] === "\n") return -1;
    if (text[at] === "`" || text[at] === "<") {
      const end = text.indexOf(text[at] === "<" ? ">" : "`", at + 1);
      if (end > 0) { at = end; continue; }
    }
    if (text[at] === sign && at > start + 1 && !/\s/.test(text[at - 1]) && !isWord(text[at + 1])) return at;
  }
  return -1;
}

function inline(text, context) {
  const out = [];
  let plain = "";
  const flush = () => { if (plain) out.push(...withPictures(unescape(plain))); plain = ""; };
  for (let at = 0; at < text.length; at += 1) {
    const sign = text[at];
    if (sign === "\n") { flush(); out.push(h("br")); continue; }
    if (sign === "<") {
      const end = text.indexOf(">", at + 1);
      if (end > at + 1 && !text.slice(at, end).includes("\n")) { flush(); out.push(token(text.slice(at + 1, end), context)); at = end; continue; }
    }
    if (sign === "`") {
      const end = text.indexOf("`", at + 1);
      if (end > at + 1 && !text.slice(at, end).includes("\n")) { flush(); out.push(h("code", {}, unescape(text.slice(at + 1, end)))); at = end; continue; }
    }
    if (sign === ":") {
      const found = /^:([a-z0-9_+'-]+(?:::skin-tone-\d)?):/.exec(text.slice(at));
      const picture = found && emoji(found[1]);
      if (picture) { flush(); out.push(h("span", { class: "emoji", role: "img", "aria-label": found[1].replace(/_/g, " ") }, picture)); at += found[0].length - 1; continue; }
    }
    if (TAGS[sign] && !isWord(text[at - 1]) && text[at + 1] && !/\s/.test(text[at + 1])) {
      const end = closing(text, at, sign);
      if (end > 0) { flush(); out.push(h(TAGS[sign], {}, inline(text.slice(at + 1, end), context))); at = end; continue; }
    }
    plain += sign;
  }
  flush();
  return out;
}

function paragraphs(text, context) {
  const out = [];
  let quoted = null;
  let plain = null;
  const close = () => {
    if (quoted !== null) out.push(h("blockquote", {}, inline(quoted.join("\n"), context)));
    if (plain !== null) out.push(...inline(plain.join("\n"), context));
    quoted = plain = null;
  };
  for (const line of text.split("\n")) {
    const quote = /^(?:>|&gt;) ?(.*)$/.exec(line);
    if (quote) { if (plain !== null) close(); (quoted ??= []).push(quote[1]); }
    else { if (quoted !== null) close(); (plain ??= []).push(line); }
  }
  close();
  return out;
}

export function mrkdwn(text, context) {
  const out = [];
  String(text ?? "").split("```").forEach((part, index, parts) => {
    const fenced = index % 2 === 1 && index < parts.length - 1;
    if (fenced) out.push(h("pre", {}, unescape(part.replace(/^\n/, ""))));
    else if (part) out.push(...paragraphs(index % 2 === 1 ? `\`\`\`${part}` : part, context));
  });
  return out;
}

export function plainWithEmoji(text) {
  return String(text ?? "").replace(/:([a-z0-9_+'-]+):/g, (whole, name) => emoji(name) || whole);
}

// A text object of Block Kit: plain_text or mrkdwn.
export function textObject(object, context) {
  if (!object) return [];
  if (typeof object === "string") return [object];
  if (object.type === "mrkdwn") return mrkdwn(object.text, context);
  const words = object.emoji === false ? object.text : plainWithEmoji(object.text);
  const out = [];
  words.split("\n").forEach((line, index) => { if (index) out.push(h("br")); out.push(...withPictures(line)); });
  return out;
}
