/**
 * Modals: a stack of views in one dialog, the top one shown. Lower views keep their nodes, and with
 * them what was typed. The app opens, pushes, updates and closes them through the stream.
 */
import { workspaceApi } from "./api.js";
import { announce } from "./announce.js";
import { blocks, showError, slackErrors } from "./blocks.js";
import { trapTab } from "./confirm.js";
import { byId, el, iconButton } from "./dom.js";
import { collectValues } from "./elements.js";
import { press } from "./acting.js";

// The app's answer to a submission may reach the stream a moment after the submission is answered.
const GRACE_MS = 400;

export class Modals {
  #stack = [];
  #dialog = byId("modal");
  #opener = null;

  constructor(workspace) {
    this.workspace = workspace;
    trapTab(this.#dialog);
    this.#dialog.addEventListener("cancel", (event) => {
      event.preventDefault();
      this.back();
    });
    workspace.addEventListener("view", ({ detail }) => this.show(detail.view));
    workspace.addEventListener("view_closed", ({ detail }) => this.#remove(detail.view_id));
    workspace.addEventListener("entered", () => this.#recall());
  }

  // After a gap in the stream a view may have been closed unseen; another person sees none of it.
  #recall() {
    if (this.#stack.length > 0 && this.#stack[0].as !== this.workspace.me) this.#clear();
    for (const view of this.workspace.state.views ?? []) this.show(view);
  }

  #clear() {
    this.#stack = [];
    this.#draw();
  }

  /** Open, push or update a view. */
  show(view) {
    const known = this.#stack.find((entry) => entry.view.id === view.id);
    const entry = known ?? { as: this.workspace.me };
    if (!known) this.#push(entry);
    const kept = known ? collectValues(entry.body) : {};
    entry.view = view;
    entry.version = (entry.version ?? 0) + 1;
    entry.body = this.#body(entry, kept);
    this.#draw(!known);
  }

  #push(entry) {
    if (this.#stack.length === 0) this.#opener = document.activeElement;
    this.#stack.push(entry);
  }

  #body(entry, kept) {
    const surface = {
      names: this.workspace.names, kept, heading: "h3",
      act: (node, payload) => press(node, entry.as, { view_id: entry.view.id }, payload, (text) => this.#trouble(text)),
    };
    return el("div", { class: "modal-body blocks", tabindex: "0", role: "group", "aria-labelledby": "modal-title" }, blocks(entry.view.blocks, surface));
  }

  #draw(opened = false) {
    const top = this.#stack.at(-1);
    if (!top) {
      this.#shut();
      return;
    }
    const focused = document.activeElement?.dataset?.actionId;
    this.#dialog.replaceChildren(this.#form(top));
    Object.assign(this.#dialog.dataset, { viewId: top.view.id, depth: this.#stack.length });
    if (!this.#dialog.open) this.#dialog.showModal();
    const again = focused && top.body.querySelector(`[data-action-id="${CSS.escape(focused)}"]`);
    (opened || !again ? this.#firstStop(top) : again).focus();
    if (opened) announce(`Window: ${top.view.title.text}`);
  }

  // The first field, as in Slack; but never past a text too long to be seen at once.
  #firstStop({ body }) {
    const field = body.querySelector("[data-stateful] input, input[data-stateful], textarea, select");
    return field && body.scrollHeight <= body.clientHeight ? field : body;
  }

  #form({ view, body }) {
    const submit = view.submit && el("button", { type: "submit", class: "button primary", dataset: { testid: "modal-submit" } }, view.submit.text);
    return el("form", { class: "modal-frame", novalidate: true, on: { submit: (event) => this.#submit(event) } },
      el("header", { class: "modal-head" },
        el("h2", { id: "modal-title" }, view.title.text),
        iconButton("close", `Close: ${view.title.text}`, () => this.back(), { dataset: { testid: "modal-x" } })),
      body,
      el("p", { class: "modal-trouble", role: "alert", dataset: { testid: "modal-error" } }),
      el("footer", { class: "dialog-buttons" },
        el("button", { type: "button", class: "button", dataset: { testid: "modal-close" }, on: { click: () => this.back() } }, view.close?.text ?? "Close"),
        submit));
  }

  #shut() {
    if (!this.#dialog.open) return;
    this.#dialog.close();
    this.#dialog.replaceChildren();
    (this.#opener?.isConnected ? this.#opener : byId("messages")).focus();
  }

  #trouble(text) {
    const line = this.#dialog.querySelector(".modal-trouble");
    if (line) line.textContent = text ?? "";
  }

  async #submit(event) {
    event.preventDefault();
    const top = this.#stack.at(-1);
    const button = this.#dialog.querySelector('[data-testid="modal-submit"]');
    if (button.getAttribute("aria-busy") === "true") return;
    const values = this.#entered(top);
    this.#trouble("");
    if (this.#showErrors(top, slackErrors(top.view, values))) return;
    button.setAttribute("aria-busy", "true");
    await this.#send(top, values);
    button.removeAttribute("aria-busy");
  }

  // What stands outside an input block is told at once, by a click, and is no part of a submission.
  #entered({ view, body }) {
    const inputs = new Set(view.blocks.filter((block) => block.type === "input").map((block) => block.block_id));
    return Object.fromEntries(Object.entries(collectValues(body)).filter(([id]) => inputs.has(id)));
  }

  async #send(top, values) {
    const before = top.version;
    try {
      const answer = await workspaceApi.submit({ as: top.as, view_id: top.view.id, values });
      if (answer.result === "errors") this.#showErrors(top, answer.errors);
      else if (answer.result === "error") this.#trouble(answer.text);
      else this.#settle(top, before);
    } catch (error) {
      this.#trouble(error.message);
    }
  }

  #settle(top, before) {
    const unchanged = () => this.#stack.at(-1) === top && top.version === before;
    setTimeout(() => unchanged() && this.#remove(top.view.id), GRACE_MS);
  }

  /** Put texts at their fields and take the others away; true when there is any. */
  #showErrors(top, errors) {
    for (const block of top.view.blocks) if (block.type === "input") showError(top.body, block.block_id, errors[block.block_id]);
    const stray = Object.entries(errors).filter(([id]) => !top.body.querySelector(`.block-input[data-block-id="${CSS.escape(id)}"]`));
    this.#trouble(stray.map(([, text]) => text).join(" "));
    const first = top.body.querySelector('[aria-invalid="true"]');
    (first?.querySelector?.("input") ?? first)?.focus();
    return Object.keys(errors).length > 0;
  }

  /** Leave the top view, as its close button, Escape and the cross do. */
  back() {
    const top = this.#stack.at(-1);
    if (!top) return;
    workspaceApi.close({ as: top.as, view_id: top.view.id }).catch(() => {});
    this.#remove(top.view.id);
  }

  // A view that closes takes along those that were pushed upon it.
  #remove(id) {
    const at = this.#stack.findIndex((entry) => entry.view.id === id);
    if (at < 0) return;
    this.#stack.length = at;
    this.#draw(true);
  }
}
