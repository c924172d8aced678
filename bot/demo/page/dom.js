// The one way this page makes elements: children become text nodes, never markup.

export function h(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [key, value] of Object.entries(props || {})) {
    if (value === undefined || value === null || value === false) continue;
    if (key === "class") node.className = value;
    else if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (key === "value" || key === "checked" || key === "selected" || key === "disabled") node[key] = value;
    else if (key === "data") for (const [name, text] of Object.entries(value)) node.dataset[name] = text;
    else node.setAttribute(key, value === true ? "" : String(value));
  }
  append(node, children);
  return node;
}

function append(node, children) {
  for (const child of [children].flat(Infinity)) {
    if (child === undefined || child === null || child === false || child === "") continue;
    node.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
  return node;
}

export function fill(node, ...children) {
  node.replaceChildren();
  return append(node, children);
}

export const byId = (id) => document.getElementById(id);

const HUES = [8, 28, 48, 95, 150, 172, 195, 215, 245, 270, 300, 335];

// A person's picture: initials on a colour that stays with the name.
export function avatar(person, size = "") {
  const name = person?.name || "?";
  let sum = 0;
  for (const sign of name) sum = (sum * 31 + sign.codePointAt(0)) >>> 0;
  const initials = name.split(/\s+/).filter(Boolean).map((word) => word[0]).slice(0, 2).join("").toUpperCase();
  const node = h("span", { class: `avatar ${size}`, "aria-hidden": "true" }, initials);
  node.style.setProperty("--hue", HUES[sum % HUES.length]);
  return node;
}

export function appAvatar(size = "") {
  return h("img", { class: `avatar app ${size}`, src: "/spotter.svg", alt: "" });
}

// Keys that walk a list of focusable things: up, down, home, end.
export function arrowKeys(container, selector) {
  container.addEventListener("keydown", (event) => {
    const items = [...container.querySelectorAll(selector)];
    const here = items.indexOf(document.activeElement);
    const goal = { ArrowDown: here + 1, ArrowUp: here - 1, Home: 0, End: items.length - 1 }[event.key];
    if (goal === undefined || here < 0) return;
    event.preventDefault();
    items[(goal + items.length) % items.length].focus();
  });
}

export function toast(text, kind = "") {
  const node = h("div", { class: `toast ${kind}` }, text);
  byId("toasts").append(node);
  setTimeout(() => node.remove(), kind === "bad" ? 9000 : 4500);
}

export function remember(key, value) {
  try { localStorage.setItem(`spotter-demo-${key}`, value); } catch { /* private windows keep nothing */ }
}

export function remembered(key) {
  try { return localStorage.getItem(`spotter-demo-${key}`); } catch { return null; }
}
