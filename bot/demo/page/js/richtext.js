/** `rich_text` blocks: sections, lists, quotes and preformatted text, all of it literal. */
import { el } from "./dom.js";
import { timeElement } from "./dates.js";
import { emoji } from "./emoji.js";
import { link, mention } from "./mrkdwn.js";

const STYLES = [["bold", "strong"], ["italic", "em"], ["strike", "s"], ["underline", "u"], ["code", "code"]];

const INLINE = {
  text: (item) => document.createTextNode(item.text),
  link: (item) => link(item.url, item.text ?? null),
  emoji: (item) => document.createTextNode(emoji(item.name)),
  user: (item, names) => mention(`@${names.person(item.user_id)}`),
  usergroup: (item, names) => mention(`@${names.group(item.usergroup_id)}`),
  channel: (item, names) => mention(`#${names.channel(item.channel_id)}`),
  broadcast: (item) => mention(`@${item.range}`),
  color: (item) => el("code", {}, item.value),
  date: (item) => dated(item),
};

const PARTS = {
  rich_text_section: (part, names) => el("div", { class: "rt-section" }, inlines(part, names)),
  rich_text_quote: (part, names) => el("blockquote", {}, inlines(part, names)),
  rich_text_preformatted: (part, names) => el("pre", {}, inlines(part, names)),
  rich_text_list: (part, names) => list(part, names),
};

/** The nodes of one rich_text block. */
export function richText(block, names) {
  return block.elements.map((part) => PARTS[part.type]?.(part, names) ?? unknown(part.type));
}

function inlines(part, names) {
  return part.elements.map((item) => {
    const node = INLINE[item.type]?.(item, names) ?? unknown(item.type);
    return styled(node, item.style ?? {});
  });
}

function styled(node, style) {
  return STYLES.reduce((inner, [name, tag]) => (style[name] ? el(tag, {}, inner) : inner), node);
}

function dated(item) {
  const time = timeElement(item.timestamp, item.format, item.fallback ?? "");
  if (!item.url) return time;
  const anchor = link(item.url, "");
  anchor.append(time);
  return anchor;
}

function list(part, names) {
  const items = part.elements.map((item) => el("li", {}, inlines(item, names)));
  const ordered = part.style === "ordered";
  return el(ordered ? "ol" : "ul", {
    class: `rt-list indent-${Math.min(part.indent ?? 0, 5)}`,
    start: ordered && part.offset ? part.offset + 1 : null,
  }, items);
}

/** What this page cannot draw is named, never dropped in silence. */
export function unknown(type) {
  return el("span", { class: "unknown", dataset: { testid: "unsupported" } }, `[not drawn here: ${type}]`);
}
