// Block Kit to elements. A block this page does not know is shown by its name, never dropped.
import { h } from "./dom.js";
import { emoji } from "./emoji.js";
import { elementNode } from "./elements.js";
import { channelMention, dateWords, mention, mrkdwn, safeLink, textObject } from "./mrkdwn.js";

function styled(node, style = {}) {
  for (const [key, tag] of [["code", "code"], ["bold", "strong"], ["italic", "em"], ["strike", "s"], ["underline", "u"]]) if (style[key]) node = h(tag, {}, node);
  return node;
}

function richInline(element, context) {
  if (element.type === "text") return styled(h("span", { class: "pre-line" }, element.text), element.style);
  if (element.type === "link") return styled(safeLink(element.url, element.text || element.url), element.style);
  if (element.type === "emoji") return h("span", { class: "emoji", role: "img", "aria-label": element.name }, emoji(element.name) || `:${element.name}:`);
  if (element.type === "user") return mention(element.user_id, context);
  if (element.type === "channel") return channelMention(element.channel_id, "", context);
  if (element.type === "date") return h("time", {}, dateWords(element.format, element.timestamp, context));
  if (element.type === "broadcast") return h("span", { class: "mention loud" }, `@${element.range}`);
  return `[${element.type}]`;
}

function richPart(part, context) {
  const inside = () => part.elements.map((element) => richInline(element, context));
  if (part.type === "rich_text_section") return h("div", { class: "rich" }, inside());
  if (part.type === "rich_text_quote") return h("blockquote", {}, inside());
  if (part.type === "rich_text_preformatted") return h("pre", {}, inside());
  if (part.type === "rich_text_list") {
    const list = h(part.style === "ordered" ? "ol" : "ul", { class: "rich-list" }, part.elements.map((item) => h("li", {}, richPart(item, context))));
    list.style.marginInlineStart = `${(part.indent || 0) * 1.4}rem`;
    return list;
  }
  return h("span", { class: "unknown" }, `[${part.type}]`);
}

function cell(value, context) {
  if (!value) return "";
  if (value.type === "rich_text") return value.elements.map((part) => richPart(part, context));
  return value.text ?? String(value.value ?? "");
}

function table(block, context) {
  const align = (index) => block.column_settings?.[index]?.align || "left";
  const row = (cells, tag) => h("tr", {}, cells.map((value, index) => { const node = h(tag, {}, cell(value, context)); node.style.textAlign = align(index); return node; }));
  const [head, ...rest] = block.rows;
  return h("div", { class: "table-box", tabindex: "0", role: "region", "aria-label": "Table" }, h("table", {}, h("thead", {}, row(head, "th")), h("tbody", {}, rest.map((cells) => row(cells, "td")))));
}

function chart(block) {
  const { series = [], axis_config: axis = {} } = block.chart;
  const row = (name, { label, value }) => h("tr", {}, h("th", { scope: "row" }, label), h("td", { class: "chart-cell" },
    h("meter", { min: "0", max: "100", value: String(value), "aria-label": `${name}, ${label}` })), h("td", {}, `${value}`));
  return h("figure", { class: "block" }, h("figcaption", {}, `${block.title}${axis.y_label ? ` (${axis.y_label})` : ""}`),
    ...series.map((one) => h("div", { class: "table-box" }, h("table", {}, h("tbody", {}, one.data.map((point) => row(one.name, point)))))));
}

function section(block, tools) {
  const { context } = tools;
  return h("div", { class: "block section" },
    h("div", { class: "section-main" },
      block.text && h("div", { class: "text" }, textObject(block.text, context)),
      block.fields && h("div", { class: "fields" }, block.fields.map((field) => h("div", { class: "field" }, textObject(field, context))))),
    block.accessory && h("div", { class: "accessory" }, elementNode(block.accessory, block, tools)));
}

function input(block, tools) {
  const error = tools.errors?.[block.block_id];
  const control = elementNode(block.element, block, tools);
  const label = textObject(block.label, tools.context);
  const group = control.classList.contains("ticks");
  if (group) control.setAttribute("aria-label", block.label?.text || "");
  else control.removeAttribute("aria-label");
  const id = `in-${block.block_id}`;
  if (error) { control.setAttribute("aria-invalid", "true"); control.setAttribute("aria-describedby", `${id}-error`); }
  return h("div", { class: `block input-block ${error ? "has-error" : ""}`, data: { block: block.block_id } },
    h(group ? "div" : "label", { class: "input-label" }, h("span", {}, label, block.optional && h("small", {}, " (optional)")), group ? null : control),
    group ? control : null,
    block.hint && h("p", { class: "hint" }, textObject(block.hint, tools.context)),
    error && h("p", { class: "field-error", id: `${id}-error`, role: "alert" }, error));
}

const KINDS = {
  header: (block) => h("h3", { class: "block header" }, textObject(block.text, {})),
  section,
  divider: () => h("hr", { class: "block divider" }),
  context: (block, { context }) => h("div", { class: "block context" }, block.elements.map((element) =>
    element.type === "image" ? h("img", { class: "context-image", src: /^https?:|^data:image/.test(element.image_url || "") ? element.image_url : undefined, alt: element.alt_text || "" })
      : h("span", { class: "text" }, textObject(element, context)))),
  actions: (block, tools) => h("div", { class: "block actions" }, block.elements.map((element) => elementNode(element, block, tools))),
  image: (block) => h("figure", { class: "block image" }, block.title && h("figcaption", {}, block.title.text),
    h("img", { src: /^https?:|^data:image/.test(block.image_url || "") ? block.image_url : undefined, alt: block.alt_text || "" })),
  rich_text: (block, { context }) => h("div", { class: "block" }, block.elements.map((part) => richPart(part, context))),
  markdown: (block, { context }) => h("div", { class: "block text" }, mrkdwn(block.text.replace(/\*\*(.+?)\*\*/g, "*$1*").replace(/^#+ (.*)$/gm, "*$1*"), context)),
  table: (block, { context }) => table(block, context),
  data_table: (block, { context }) => h("figure", { class: "block" }, h("figcaption", {}, block.caption), table(block, context)),
  data_visualization: (block) => chart(block),
  input,
};

export function blocksNode(blocks, tools) {
  return h("div", { class: "blocks" }, (blocks || []).map((block) =>
    (KINDS[block.type] ? KINDS[block.type](block, tools) : h("div", { class: "block unknown" }, `[${block.type}]`))));
}
