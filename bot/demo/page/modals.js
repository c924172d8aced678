// A person's stack of modals: the top one is shown; its answers go to the stage.
import { appAvatar, byId, h, toast } from "./dom.js";
import { blocksNode } from "./blocks.js";
import { context, rawDialog } from "./messages.js";
import { deed, state } from "./live.js";

let open = null;

function formState(kept) {
  const values = kept || {};
  return { values, set(block, action, value) { (values[block] ??= {})[action] = value; } };
}

function fillAgain(dialog, values) {
  for (const [block, actions] of Object.entries(values)) for (const [action, value] of Object.entries(actions)) {
    const node = dialog.querySelector(`[data-key="${CSS.escape(`${block}/${action}`)}"]`);
    const text = value.value ?? value.selected_option?.value ?? value.selected_user ?? value.selected_channel ?? value.selected_conversation ?? value.selected_date ?? value.selected_time;
    if (node && text !== undefined && text !== null && !node.multiple) node.value = text;
  }
}

export function drawModal() {
  const stack = state.modals[state.viewer] || [];
  const top = stack.at(-1);
  // What was typed is kept here, not drawn again from the stage's record of it.
  const print = top ? JSON.stringify([state.viewer, stack.length, { ...top, state: null }]) : null;
  if (open?.print === print) return;
  const kept = open && top && open.id === top.id ? open : null;
  const focused = kept && document.activeElement?.dataset.key;
  const opener = open ? open.opener : document.activeElement;
  // Closed before it goes: a dialog that is only removed still hears Escape, beside the one that took its place.
  if (open) { open.dialog.close(); open.dialog.remove(); open = null; if (!top && opener?.isConnected) opener.focus(); }
  if (top) show(top, stack.length, print, opener, kept?.form.values, focused);
}

function show(view, depth, print, opener, kept, focused) {
  const form = formState();
  const me = { id: view.id, print, form, opener };
  const viewer = state.viewer;
  const act = async (action) => {
    const answer = await deed("act", { user: viewer, view_id: view.id, action, values: form.values });
    if (!answer.ok) toast(answer.error, "bad");
  };
  const close = async () => {
    const answer = await deed("close", { user: viewer, view_id: view.id });
    if (!answer.ok) toast(answer.error, "bad");
  };
  const body = h("div", { class: "modal-body" });
  const draw = (errors) => {
    const values = structuredClone(form.values);
    body.replaceChildren(blocksNode(view.blocks, { context, act, form, errors }));
    for (const [block, actions] of Object.entries(values)) for (const [action, value] of Object.entries(actions)) form.set(block, action, value);
    fillAgain(body, values);
  };
  const submit = async (event) => {
    event.preventDefault();
    send.classList.add("busy");
    const answer = await deed("submit", { user: viewer, view_id: view.id, values: form.values });
    send.classList.remove("busy");
    if (answer.errors) { draw(answer.errors); body.querySelector(".has-error input, .has-error select, .has-error textarea")?.focus(); }
    else if (!answer.ok) toast(answer.error, "bad");
  };
  const send = h("button", { type: "submit", class: "btn primary" }, view.submit?.text || "Submit");
  const dialog = h("dialog", { class: "modal", "aria-labelledby": "modal-title" },
    h("form", { method: "dialog", onsubmit: submit, novalidate: true },
      h("header", {}, appAvatar("small"), h("h2", { id: "modal-title" }, view.title?.text || "Spotter"),
        h("button", { type: "button", class: "tool", "aria-label": "Raw JSON", onclick: () => rawDialog("Raw view", view) }, "{}"),
        h("button", { type: "button", class: "icon-button", "aria-label": depth > 1 ? "Back" : "Close", onclick: close }, depth > 1 ? "←" : "✕")),
      body,
      h("div", { class: "dialog-foot" }, h("button", { type: "button", class: "btn", onclick: close }, view.close?.text || (depth > 1 ? "Back" : "Close")), view.submit && send)));
  dialog.addEventListener("cancel", (event) => { event.preventDefault(); close(); });
  if (kept) for (const [block, actions] of Object.entries(kept)) for (const [action, value] of Object.entries(actions)) form.set(block, action, value);
  me.dialog = dialog;
  open = me;
  draw();
  byId("modals").append(dialog);
  dialog.showModal();
  // Not a button: it may be far below what the modal is about.
  const first = focused ? dialog.querySelector(`[data-key="${CSS.escape(focused)}"]`) : body.querySelector("input, select, textarea");
  (first || dialog.querySelector(".dialog-foot button")).focus();
}
