/** Layout blocks of Block Kit, drawn from the JSON as it was sent. */
import { el, freshId, icon } from "./dom.js";
import { element, textNodes } from "./elements.js";
import { richText, unknown } from "./richtext.js";

const BLOCKS = {
  header: (block, surface) => el(surface.heading ?? "h3", { class: "block-title" }, textNodes(block.text, surface.names)),
  divider: () => el("hr"),
  section, context, input,
  actions: (block, surface) => block.elements.map((item) => element(item, block, surface)),
  rich_text: (block, surface) => richText(block, surface.names),
  image: (block) => image(block),
};

/** The nodes of a list of blocks. */
export function blocks(list, surface) {
  return list.map((block) => el("div", { class: `block block-${block.type}`, dataset: { blockId: block.block_id ?? null } },
    BLOCKS[block.type]?.(block, surface) ?? unknown(block.type)));
}

function section(block, surface) {
  const main = el("div", { class: "section-main" },
    block.text ? el("div", { class: "section-text" }, textNodes(block.text, surface.names)) : null,
    block.fields ? el("div", { class: "fields" }, block.fields.map((field) => el("div", { class: "field" }, textNodes(field, surface.names)))) : null);
  if (!block.accessory) return main;
  const accessory = block.accessory.type === "image" ? image(block.accessory) : element(block.accessory, block, surface);
  return [main, el("div", { class: "accessory" }, accessory)];
}

function context(block, surface) {
  return block.elements.map((item) => (item.type === "image" ? image(item) : el("span", {}, textNodes(item, surface.names))));
}

// Nothing is fetched from outside the page's origin, so an image is shown by its description.
function image(item) {
  const name = item.title?.text ?? item.alt_text ?? "";
  return el("span", { class: "image-placeholder", role: "img", "aria-label": `Image: ${item.alt_text ?? name}` }, icon("image"), name);
}

const GROUPS = new Set(["radio_buttons", "checkboxes"]);

/** An input block: label, element, hint and a place for the error, all tied together for screen readers. */
function input(block, surface) {
  const field = element(block.element, block, surface);
  const ids = { field: freshId("field"), label: freshId("label"), hint: freshId("hint"), error: freshId("error") };
  field.id = ids.field;
  if (!block.optional && block.element.type !== "checkboxes") field.setAttribute("aria-required", "true");
  const grouped = GROUPS.has(block.element.type);
  if (grouped) field.setAttribute("aria-labelledby", ids.label);
  field.setAttribute("aria-describedby", `${ids.hint} ${ids.error}`);
  return [
    el(grouped ? "span" : "label", { class: "input-label", id: ids.label, for: grouped ? null : ids.field },
      textNodes(block.label, surface.names), block.optional ? el("span", { class: "muted" }, " (optional)") : null),
    field,
    el("p", { class: "hint", id: ids.hint }, block.hint ? textNodes(block.hint, surface.names) : null),
    el("p", { class: "field-error", id: ids.error, role: "alert", dataset: { testid: "field-error" } }),
  ];
}

/** Show or take away the error of one input block; true when the block is there. */
export function showError(root, blockId, text) {
  const block = root.querySelector(`.block-input[data-block-id="${CSS.escape(blockId)}"]`);
  if (!block) return false;
  block.querySelector(".field-error").textContent = text ?? "";
  const field = block.querySelector("[data-stateful]");
  if (text) field?.setAttribute("aria-invalid", "true");
  else field?.removeAttribute("aria-invalid");
  return true;
}

/** What Slack itself checks before an app hears of a submission; a text per faulty block. */
export function slackErrors(view, values) {
  const errors = {};
  for (const block of view.blocks.filter((one) => one.type === "input")) {
    const text = fault(block, values[block.block_id]?.[block.element.action_id] ?? {});
    if (text) errors[block.block_id] = text;
  }
  return errors;
}

function fault(block, state) {
  const chosen = state.selected_option || state.selected_options?.length || state.selected_user || state.selected_date;
  const empty = !(state.value || chosen);
  if (empty) return block.optional ? null : "Please complete this required field.";
  const length = state.value?.length ?? 0;
  const { min_length: least = 0, max_length: most = 3000 } = block.element;
  if (state.value && length < least) return `Please enter at least ${least} characters.`;
  if (length > most) return `Please enter at most ${most} characters; this has ${length}.`;
  return null;
}
