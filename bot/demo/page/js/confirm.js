/** Dialogs on the native <dialog>: the page behind is inert, Escape closes, focus returns. */
import { el, freshId } from "./dom.js";
import { mrkdwn } from "./mrkdwn.js";

const FOCUSABLE = 'a[href], button:not([disabled]), input:not([disabled]), textarea, select, summary, [tabindex="0"]';

/** Keep Tab inside a dialog; a modal <dialog> alone would let it leave to the browser's own bars. */
export function trapTab(dialog) {
  dialog.addEventListener("keydown", (event) => {
    if (event.key !== "Tab") return;
    const stops = [...dialog.querySelectorAll(FOCUSABLE)].filter((node) => node.checkVisibility());
    const edge = event.shiftKey ? stops[0] : stops.at(-1);
    if (document.activeElement !== edge && dialog.contains(document.activeElement)) return;
    event.preventDefault();
    (event.shiftKey ? stops.at(-1) : stops[0])?.focus();
  });
}

/** Show a Block Kit confirm object; resolves to whether the person confirmed. */
export function askFirst(confirm, names) {
  const text = confirm.text.type === "mrkdwn" ? mrkdwn(confirm.text.text, names) : confirm.text.text;
  return question({
    title: confirm.title.text, text, yes: confirm.confirm.text, no: confirm.deny.text, style: confirm.style ?? "primary",
  });
}

/** A question of the page's own, with the same dialog. Resolves to true for `yes`. */
export function question({ title, text, yes, no, style }) {
  const opener = document.activeElement;
  const ids = [freshId("confirm"), freshId("confirm")];
  const dialog = el("dialog", { class: "dialog confirm", role: "alertdialog", "aria-labelledby": ids[0], "aria-describedby": ids[1], dataset: { testid: "confirm" } });
  const close = (answer) => dialog.close(answer);
  dialog.append(
    el("h2", { id: ids[0] }, title),
    el("p", { id: ids[1] }, text),
    el("div", { class: "dialog-buttons" },
      el("button", { type: "button", class: "button", on: { click: () => close("no") } }, no),
      el("button", { type: "button", class: `button ${style}`, on: { click: () => close("yes") } }, yes)));
  return shown(dialog, opener);
}

function shown(dialog, opener) {
  trapTab(dialog);
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      opener?.focus?.();
      resolve(dialog.returnValue === "yes");
    });
  });
}
