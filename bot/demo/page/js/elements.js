/**
 * Interactive Block Kit elements: buttons, selects, people, days, radio buttons, checkboxes, text inputs.
 *
 * A `surface` is where they stand: `names` for mentions, `act(node, payload)` to tell the app of a
 * click, `kept[block_id][action_id]` with what was typed before a view was drawn again.
 */
import { el, freshId, icon, spoken } from "./dom.js";
import { askFirst } from "./confirm.js";
import { mrkdwn } from "./mrkdwn.js";
import { unknown } from "./richtext.js";
import { withEmoji } from "./emoji.js";

const readers = new WeakMap();

/** What a stateful element holds now, in the form of Slack's `view.state.values`. */
export function collectValues(root) {
  const values = {};
  for (const node of root.querySelectorAll("[data-stateful]")) {
    const { blockId, actionId } = node.dataset;
    (values[blockId] ??= {})[actionId] = readers.get(node)();
  }
  return values;
}

/** A text object: plain_text is literal (emoji names aside), mrkdwn is parsed. */
export function textNodes(text, names) {
  if (text.type === "mrkdwn") return mrkdwn(text.text, names);
  return [document.createTextNode(text.emoji === false ? text.text : withEmoji(text.text))];
}

function plain(text) {
  return text.emoji === false ? text.text : withEmoji(text.text);
}

const ELEMENTS = {
  button, overflow,
  plain_text_input: textInput,
  static_select: select,
  users_select: people,
  datepicker: day,
  radio_buttons: (item, block, surface) => choices(item, block, surface, "radio"),
  checkboxes: (item, block, surface) => choices(item, block, surface, "checkbox"),
};

/** Draw one interactive element of a block. */
export function element(item, block, surface) {
  return ELEMENTS[item.type]?.(item, block, surface) ?? unknown(item.type);
}

function where(item, block) {
  return { actionId: item.action_id, blockId: block.block_id };
}

function button(item, block, surface) {
  const label = plain(item.text);
  const press = async (event) => {
    const node = event.currentTarget;
    if (item.confirm && !(await askFirst(item.confirm, surface.names))) return;
    surface.act(node, { block_id: block.block_id, action_id: item.action_id, value: item.value });
  };
  const attributes = {
    class: `button ${item.style ?? ""}`, "aria-label": item.accessibility_label ?? null,
    title: label.length > 30 ? label : null, dataset: where(item, block),
  };
  if (item.url) return el("a", { ...attributes, href: /^https?:/i.test(item.url) ? item.url : null, target: "_blank", rel: "noopener noreferrer" }, label);
  return el("button", { ...attributes, type: "button", on: { click: press } }, el("span", { class: "button-label" }, label));
}

/** Tell the app of a new choice, unless the element stands in an input block, which only keeps state. */
function changed(node, item, block, surface, selection) {
  if (block.type === "input" && !block.dispatch_action) return;
  surface.act(node, { block_id: block.block_id, action_id: item.action_id, ...selection });
}

function initial(item, block, surface) {
  return surface.kept?.[block.block_id]?.[item.action_id] ?? null;
}

function textInput(item, block, surface) {
  const kept = initial(item, block, surface);
  const multiline = item.multiline === true;
  const field = el(multiline ? "textarea" : "input", {
    class: "text-input", type: multiline ? null : "text", rows: multiline ? 4 : null, autocomplete: "off",
    placeholder: item.placeholder?.text ?? null, dataset: { ...where(item, block), stateful: "", limit: item.max_length ?? null },
  });
  field.value = kept ? kept.value ?? "" : item.initial_value ?? "";
  readers.set(field, () => ({ type: item.type, value: field.value === "" ? null : field.value }));
  return field;
}

function select(item, block, surface) {
  const all = (item.option_groups ?? [{ options: item.options }]).flatMap((group) => group.options);
  const kept = initial(item, block, surface);
  const start = (kept ? kept.selected_option : item.initial_option)?.value ?? "";
  const option = (entry) => el("option", { value: entry.value, selected: entry.value === start }, plain(entry.text));
  const node = el("select", { class: "select", "aria-label": block.type === "input" ? null : item.accessibility_label ?? item.placeholder?.text ?? "Choose",
    dataset: { ...where(item, block), stateful: "" } },
  el("option", { value: "", selected: start === "" }, item.placeholder?.text ?? "Choose an option"),
  (item.option_groups ?? []).map((group) => el("optgroup", { label: plain(group.label) }, group.options.map(option))),
  (item.options ?? []).map(option));
  const chosen = () => all.find((entry) => entry.value === node.value) ?? null;
  readers.set(node, () => ({ type: item.type, selected_option: chosen() }));
  node.addEventListener("change", () => changed(node, item, block, surface, { selected_option: chosen() }));
  return node;
}

function people(item, block, surface) {
  const kept = initial(item, block, surface);
  const start = (kept ? kept.selected_user : item.initial_user) ?? "";
  const option = ({ id, name }) => el("option", { value: id, selected: id === start }, name);
  const node = el("select", { class: "select", dataset: { ...where(item, block), stateful: "" } },
    el("option", { value: "", selected: start === "" }, item.placeholder?.text ?? "Select someone"),
    surface.names.everybody().map(option));
  const chosen = () => ({ selected_user: node.value === "" ? null : node.value });
  readers.set(node, () => ({ type: item.type, ...chosen() }));
  node.addEventListener("change", () => changed(node, item, block, surface, chosen()));
  return node;
}

function day(item, block, surface) {
  const kept = initial(item, block, surface);
  const node = el("input", { class: "text-input", type: "date", dataset: { ...where(item, block), stateful: "" } });
  node.value = (kept ? kept.selected_date : item.initial_date) ?? "";
  const chosen = () => ({ selected_date: node.value === "" ? null : node.value });
  readers.set(node, () => ({ type: item.type, ...chosen() }));
  node.addEventListener("change", () => changed(node, item, block, surface, chosen()));
  return node;
}

function choices(item, block, surface, kind) {
  const kept = initial(item, block, surface);
  const before = kind === "radio" ? [kept ? kept.selected_option : item.initial_option] : kept ? kept.selected_options : item.initial_options ?? [];
  const start = new Set(before.filter(Boolean).map((entry) => entry.value));
  const name = freshId("choice");
  const boxes = item.options.map((entry) => el("input", { type: kind, name, id: freshId("option"), value: entry.value, checked: start.has(entry.value) }));
  const node = el("div", { class: "choices", role: kind === "radio" ? "radiogroup" : "group", dataset: { ...where(item, block), stateful: "" } },
    item.options.map((entry, at) => choice(entry, boxes[at], surface)));
  const picked = () => item.options.filter((_, at) => boxes[at].checked);
  const state = () => (kind === "radio" ? { selected_option: picked()[0] ?? null } : { selected_options: picked() });
  readers.set(node, () => ({ type: item.type, ...state() }));
  node.addEventListener("change", () => changed(node, item, block, surface, state()));
  return node;
}

function choice(entry, box, surface) {
  return el("label", { class: "choice", for: box.id }, box, el("span", {}, textNodes(entry.text, surface.names),
    entry.description ? el("span", { class: "muted choice-more" }, textNodes(entry.description, surface.names)) : null));
}

// A native <details> gives the overflow menu its keyboard behaviour for nothing.
function overflow(item, block, surface) {
  const node = el("details", { class: "overflow", dataset: where(item, block) },
    el("summary", { class: "icon-button" }, icon("more"), spoken("More options")));
  const pick = (entry) => {
    node.open = false;
    surface.act(node, { block_id: block.block_id, action_id: item.action_id, selected_option: entry });
  };
  node.append(el("div", { class: "menu" }, item.options.map((entry) =>
    el("button", { type: "button", class: "menu-item", on: { click: () => pick(entry) } }, plain(entry.text)))));
  return node;
}
