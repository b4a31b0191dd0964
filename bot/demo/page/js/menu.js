/** The menu behind a message's three dots: arrow keys move, Escape closes, focus returns. */
import { el } from "./dom.js";

/** Open a menu below `button`; `items` are `{label, run, danger?}`. A second press closes it. */
export function openMenu(button, items) {
  if (button.getAttribute("aria-expanded") === "true") return;
  const menu = el("div", { class: "menu floating", role: "menu", "aria-label": button.getAttribute("aria-label") });
  const close = (refocus) => {
    menu.remove();
    button.setAttribute("aria-expanded", "false");
    document.removeEventListener("pointerdown", outside);
    if (refocus) button.focus();
  };
  const outside = (event) => !menu.contains(event.target) && close(false);
  const run = (item) => {
    close(true);
    item.run();
  };
  menu.append(...items.map((item) => el("button", {
    type: "button", role: "menuitem", tabindex: "-1", class: `menu-item ${item.danger ? "danger" : ""}`, on: { click: () => run(item) },
  }, item.label)));
  menu.addEventListener("keydown", (event) => steer(event, menu, close));
  button.after(menu);
  button.setAttribute("aria-expanded", "true");
  document.addEventListener("pointerdown", outside);
  menu.firstElementChild.focus();
}

function steer(event, menu, close) {
  const items = [...menu.children];
  const at = items.indexOf(document.activeElement);
  const target = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 }[event.key];
  if (target !== undefined) items.at(target % items.length).focus();
  else if (event.key === "Escape" || event.key === "Tab") close(true);
  else return;
  if (event.key !== "Tab") event.preventDefault();
  event.stopPropagation();
}
