/** Spoken announcements and toasts: what changes on the page without the reader having asked. */
import { byId, el, iconButton } from "./dom.js";

const TOAST_MS = 10_000;

/** Say it politely to a screen reader; an empty text in between lets the same words be said again. */
export function announce(text) {
  const region = byId("announcer");
  region.textContent = "";
  setTimeout(() => { region.textContent = text; }, 50);
}

/** Take all notes away, as when what they speak of is over. */
export function dismissAll() {
  byId("toasts").replaceChildren();
}

/** Show a note at the bottom of the page: `kind` is "error" (Slack's own error) or "info". */
export function toast(text, kind = "error") {
  // The same error may come as the answer to a click and through the stream.
  if ([...byId("toasts").children].some((shown) => shown.dataset.text === text)) return;
  const note = el("div", { class: "toast", dataset: { testid: "toast", kind, text } },
    el("span", { class: "toast-mark", "aria-hidden": "true" }, kind === "error" ? "!" : "i"),
    el("p", {}, text),
    iconButton("close", "Dismiss this note", () => note.remove()));
  byId("toasts").append(note);
  setTimeout(() => note.remove(), TOAST_MS);
}
