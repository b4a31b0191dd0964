/**
 * Building DOM without markup: every piece of data becomes a text node or an attribute,
 * so nothing a service or a person wrote can turn into an element.
 */

const SVG = "http://www.w3.org/2000/svg";

const ICONS = {
  bell: "M12 3a6 6 0 0 0-6 6v4l-2 3h16l-2-3V9a6 6 0 0 0-6-6Zm-2 15a2 2 0 0 0 4 0",
  check: "M5 13l4 4L19 7",
  close: "M6 6l12 12M18 6L6 18",
  copy: "M9 9h10v11H9zM5 15V4h10",
  eye: "M2 12s4-7 10-7 10 7 10 7-4 7-10 7S2 12 2 12Zm10 3a3 3 0 1 0 0-6 3 3 0 0 0 0 6Z",
  hash: "M9 4L7 20M17 4l-2 16M4 9h16M3 15h16",
  image: "M4 5h16v14H4zM4 16l5-5 4 4 3-3 4 4",
  lock: "M6 11h12v9H6zM8 11V8a4 4 0 0 1 8 0v3",
  menu: "M4 6h16M4 12h16M4 18h16",
  more: "M5 12h.01M12 12h.01M19 12h.01",
  phone: "M8 3h8a1 1 0 0 1 1 1v16a1 1 0 0 1-1 1H8a1 1 0 0 1-1-1V4a1 1 0 0 1 1-1Zm3 15h2",
  reply: "M4 5h16v11H10l-4 4v-4H4z",
  send: "M4 5l16 7-16 7 3-7zM7 12h13",
  services: "M4 5h16v6H4zM4 13h16v6H4zM7 8h.01M7 16h.01",
};

/**
 * Make an element. `attributes` takes `class`, `dataset`, `on` (event listeners), DOM booleans
 * and any attribute; `null`, `undefined` and `false` leave an attribute out.
 */
export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) setAttribute(node, name, value);
  node.append(...flat(children));
  return node;
}

function setAttribute(node, name, value) {
  if (value === null || value === undefined || value === false) return;
  if (name === "dataset") {
    for (const [key, item] of Object.entries(value)) {
      if (item !== null && item !== undefined) node.dataset[key] = item;
    }
  } else if (name === "on") {
    for (const [event, listener] of Object.entries(value)) node.addEventListener(event, listener);
  } else if (name === "value" && "value" in node) node.value = value;
  else node.setAttribute(name, value === true ? "" : String(value));
}

function flat(children) {
  return children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false);
}

/** A decorative icon: hidden from assistive technology, because the words beside it say it. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  for (const [key, value] of [["viewBox", "0 0 24 24"], ["aria-hidden", "true"], ["class", "icon"], ["focusable", "false"]]) {
    svg.setAttribute(key, value);
  }
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

/** A button that is only an icon: its name is spoken and shown as a tooltip. */
export function iconButton(name, label, onClick, attributes = {}) {
  const { class: extra = "", on = {}, ...rest } = attributes;
  const listeners = { ...on, click: onClick };
  return el("button", { type: "button", class: `icon-button ${extra}`, "aria-label": label, title: label, on: listeners, ...rest }, icon(name));
}

/** The element with this id; the page's skeleton in index.html holds all of them. */
export function byId(id) {
  return document.getElementById(id);
}

let counter = 0;
/** An id for labelling, unique within the page. */
export function freshId(prefix) {
  counter += 1;
  return `${prefix}-${counter}`;
}

/** Text for screen readers only. */
export function spoken(text) {
  return el("span", { class: "visually-hidden" }, text);
}
