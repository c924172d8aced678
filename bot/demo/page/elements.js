// Interactive Block Kit elements. `act(action)` tells the stage that the viewer used one;
// `form` (modals only) remembers each element's state for the submission.
import { h, arrowKeys } from "./dom.js";
import { plainWithEmoji, safeLink, textObject } from "./mrkdwn.js";

const words = (object) => plainWithEmoji(object?.text || "");

function confirmFirst(confirm, go) {
  if (!confirm) { go(); return; }
  const opener = document.activeElement;
  const close = (yes) => { dialog.close(); dialog.remove(); opener?.focus(); if (yes) go(); };
  const dialog = h("dialog", { class: "confirm", "aria-label": words(confirm.title) || "Are you sure?" },
    h("h2", {}, words(confirm.title) || "Are you sure?"),
    h("p", {}, textObject(confirm.text, { person: () => null, channel: () => null, now: () => new Date() })),
    h("div", { class: "dialog-foot" },
      h("button", { type: "button", class: "btn", onclick: () => close(false) }, words(confirm.deny) || "Cancel"),
      h("button", { type: "button", class: `btn ${confirm.style === "danger" ? "danger" : "primary"}`, onclick: () => close(true) }, words(confirm.confirm) || "Confirm")));
  dialog.addEventListener("cancel", (event) => { event.preventDefault(); close(false); });
  document.body.append(dialog);
  dialog.showModal();
}

function busyWhile(node, promise) {
  node.classList.add("busy");
  Promise.resolve(promise).finally(() => node.classList.remove("busy"));
}

function button(element, block, act) {
  const label = element.accessibility_label || undefined;
  const fire = (node) => confirmFirst(element.confirm, () =>
    busyWhile(node, act({ type: "button", block_id: block.block_id, action_id: element.action_id, value: element.value })));
  if (element.url) {
    const link = safeLink(element.url, h("span", { class: "btn-text" }, words(element.text)));
    link.className = `btn ${element.style || ""}`;
    if (label) link.setAttribute("aria-label", label);
    link.addEventListener("click", () => fire(link));
    return link;
  }
  const node = h("button", { type: "button", class: `btn ${element.style || ""}`, "aria-label": label, onclick: () => fire(node), data: { key: `${block.block_id}/${element.action_id}` } },
    h("span", { class: "btn-text" }, words(element.text)));
  return node;
}

function overflow(element, block, act) {
  const choose = (option) => { close(); opener.focus(); confirmFirst(element.confirm, () =>
    act({ type: "overflow", block_id: block.block_id, action_id: element.action_id, selected_option: option })); };
  const menu = h("div", { class: "menu", role: "menu", hidden: true }, element.options.map((option) =>
    option.url ? h("a", { role: "menuitem", tabindex: "-1", href: /^https?:/i.test(option.url) ? option.url : undefined, target: "_blank", rel: "noopener noreferrer", onclick: () => choose(option) }, words(option.text))
      : h("button", { type: "button", role: "menuitem", tabindex: "-1", onclick: () => choose(option) }, words(option.text))));
  const outside = (event) => { if (!box.contains(event.target)) close(); };
  function close() { menu.hidden = true; opener.setAttribute("aria-expanded", "false"); document.removeEventListener("pointerdown", outside); }
  function open() {
    menu.hidden = false;
    opener.setAttribute("aria-expanded", "true");
    document.addEventListener("pointerdown", outside);
    menu.firstElementChild?.focus();
  }
  const opener = h("button", { type: "button", class: "btn overflow", "aria-haspopup": "menu", "aria-expanded": "false", "aria-label": element.accessibility_label || "More",
    data: { key: `${block.block_id}/${element.action_id}` }, onclick: () => (menu.hidden ? open() : close()) }, "⋯");
  const box = h("span", { class: "overflow-box" }, opener, menu);
  arrowKeys(menu, "[role=menuitem]");
  box.addEventListener("keydown", (event) => { if (event.key === "Escape" && !menu.hidden) { event.stopPropagation(); event.preventDefault(); close(); opener.focus(); } });
  box.addEventListener("focusout", (event) => { if (event.relatedTarget && !box.contains(event.relatedTarget)) close(); });
  return box;
}

const CHOICES = {
  static: (element) => ({ groups: element.option_groups || [{ options: element.options || [] }] }),
  external: (element) => ({ groups: [{ options: element.initial_options || (element.initial_option ? [element.initial_option] : []) }] }),
  users: (element, context) => ({ groups: [{ options: context.people().map((person) => ({ value: person.id, text: { text: person.name } })) }] }),
  channels: (element, context) => ({ groups: [{ options: context.channels().map((channel) => ({ value: channel.id, text: { text: `#${channel.name}` } })) }] }),
};
CHOICES.conversations = CHOICES.channels;
const SINGLE = { static: "selected_option", external: "selected_option", users: "selected_user", channels: "selected_channel", conversations: "selected_conversation" };

function select(element, block, act, context, form) {
  const many = element.type.startsWith("multi_");
  const kind = element.type.replace("multi_", "").replace("_select", "");
  const { groups } = CHOICES[kind](element, context);
  const all = groups.flatMap((group) => group.options);
  const first = many
    ? (element.initial_options?.map((option) => option.value) || element.initial_users || element.initial_channels || element.initial_conversations || [])
    : [element.initial_option?.value || element.initial_user || element.initial_channel || element.initial_conversation].filter(Boolean);
  const state = (values) => {
    const options = all.filter((option) => values.includes(option.value));
    const single = SINGLE[kind];
    if (many) return { type: element.type, [kind === "static" || kind === "external" ? "selected_options" : `selected_${kind}`]: kind === "static" || kind === "external" ? options : values };
    if (single === "selected_option") return { type: element.type, selected_option: options[0] || null };
    return { type: element.type, [single]: values[0] || null };
  };
  const asOption = (option, index, list) => h("option", { value: option.value, selected: first.includes(option.value) }, words(option.text), list === undefined ? "" : "");
  const node = h("select", { class: "select", multiple: many, size: many ? Math.min(6, Math.max(3, all.length)) : undefined,
    "aria-label": words(element.placeholder) || element.accessibility_label || "Choose", data: { key: `${block.block_id}/${element.action_id}` } },
  !many && h("option", { value: "", selected: !first.length }, words(element.placeholder) || "Choose…"),
  groups.map((group) => group.label ? h("optgroup", { label: words(group.label) }, group.options.map((option) => asOption(option))) : group.options.map((option) => asOption(option))));
  form?.set(block.block_id, element.action_id, state(first));
  node.addEventListener("change", () => {
    const values = [...node.selectedOptions].map((option) => option.value).filter(Boolean);
    form?.set(block.block_id, element.action_id, state(values));
    if (!values.length && !many) return;
    if (!form || block.type !== "input" || block.dispatch_action) {
      confirmFirst(element.confirm, () => busyWhile(node, act({ block_id: block.block_id, action_id: element.action_id, ...state(values) })));
    }
  });
  return node;
}

function ticks(element, block, act, form) {
  const one = element.type === "radio_buttons";
  const first = one ? [element.initial_option?.value] : (element.initial_options || []).map((option) => option.value);
  const name = `${block.block_id}-${element.action_id}`;
  const state = (options) => (one ? { type: element.type, selected_option: options[0] || null } : { type: element.type, selected_options: options });
  const box = h("div", { class: "ticks", role: one ? "radiogroup" : "group" }, element.options.map((option) =>
    h("label", {}, h("input", { type: one ? "radio" : "checkbox", name, value: option.value, checked: first.includes(option.value) }),
      h("span", {}, words(option.text), option.description && h("small", {}, words(option.description))))));
  const chosen = () => { const on = [...box.querySelectorAll("input:checked")].map((input) => input.value); return element.options.filter((option) => on.includes(option.value)); };
  form?.set(block.block_id, element.action_id, state(element.options.filter((option) => first.includes(option.value))));
  box.addEventListener("change", () => {
    form?.set(block.block_id, element.action_id, state(chosen()));
    if (!form || block.type !== "input" || block.dispatch_action) act({ block_id: block.block_id, action_id: element.action_id, ...state(chosen()) });
  });
  return box;
}

const FIELDS = {
  plain_text_input: ["text", "value", "initial_value"], number_input: ["number", "value", "initial_value"], email_text_input: ["email", "value", "initial_value"],
  url_text_input: ["url", "value", "initial_value"], datepicker: ["date", "selected_date", "initial_date"], timepicker: ["time", "selected_time", "initial_time"],
};

function field(element, block, act, form) {
  const [type, key, initial] = FIELDS[element.type];
  const start = element[initial] ?? "";
  const props = { class: "input", placeholder: words(element.placeholder), maxlength: element.max_length, min: element.min_value, max: element.max_value, data: { key: `${block.block_id}/${element.action_id}` } };
  const node = element.multiline ? h("textarea", { ...props, rows: 4 }) : h("input", { ...props, type, step: element.is_decimal_allowed ? "any" : undefined });
  node.value = start;
  const state = () => ({ type: element.type, [key]: node.value === "" ? null : node.value });
  form?.set(block.block_id, element.action_id, state());
  node.addEventListener("input", () => form?.set(block.block_id, element.action_id, state()));
  node.addEventListener("change", () => {
    if (block.dispatch_action || block.type !== "input") act({ block_id: block.block_id, action_id: element.action_id, ...state() });
  });
  return node;
}

export function elementNode(element, block, { act, context, form }) {
  if (element.type === "button" || element.type === "workflow_button") return button(element, block, act);
  if (element.type === "overflow") return overflow(element, block, act);
  if (element.type === "image") return h("img", { class: "accessory-image", src: /^https?:|^data:image/.test(element.image_url || "") ? element.image_url : undefined, alt: element.alt_text || "" });
  if (/_select$/.test(element.type)) return select(element, block, act, context, form);
  if (element.type === "checkboxes" || element.type === "radio_buttons") return ticks(element, block, act, form);
  if (FIELDS[element.type]) return field(element, block, act, form);
  return h("span", { class: "unknown" }, `[${element.type}]`);
}
