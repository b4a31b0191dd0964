/** The box at the foot of a channel: a message, or with "/" a command with hints (an ARIA combobox). */
import { workspaceApi } from "./api.js";
import { toast } from "./announce.js";
import { byId, el } from "./dom.js";

export class Composer {
  #field = byId("composer-text");
  #hints = byId("composer-hints");
  #active = -1;

  constructor(workspace) {
    this.workspace = workspace;
    byId("composer").addEventListener("submit", (event) => this.#send(event));
    this.#field.addEventListener("input", () => this.#suggest());
    this.#field.addEventListener("keydown", (event) => this.#keys(event));
    this.#field.addEventListener("blur", () => setTimeout(() => this.#hide(), 150));
    workspace.addEventListener("opened", () => this.#label());
  }

  #label() {
    const channel = this.workspace.channels.find((one) => one.id === this.workspace.channel);
    const name = channel.kind === "im" ? this.workspace.names.person(channel.with) : `#${channel.name}`;
    this.#field.placeholder = `Message ${name}, or / for a command`;
    this.#field.setAttribute("aria-label", `Message ${name}, or a command that begins with a slash`);
  }

  // A command is hinted while its first word is being typed, and its usage after that.
  #suggest() {
    const [word] = this.#field.value.split(" ");
    const typed = this.#field.value.includes(" ");
    const fits = word.startsWith("/") ? this.workspace.state.commands.filter((one) => (typed ? one.command === word : one.command.startsWith(word))) : [];
    this.#active = -1;
    this.#hints.replaceChildren(...fits.map((one, at) => this.#hint(one, at)));
    this.#open(fits.length > 0);
  }

  #hint(one, at) {
    const pick = (event) => {
      event.preventDefault();
      this.#take(one.command);
    };
    return el("li", { role: "option", id: `hint-${at}`, class: "hint-item", "aria-selected": "false", dataset: { command: one.command }, on: { pointerdown: pick } },
      el("span", {}, el("strong", {}, one.command), " ", el("span", { class: "muted" }, one.usage_hint ?? "")), el("span", { class: "hint-more muted" }, one.description));
  }

  #open(open) {
    this.#hints.hidden = !open;
    this.#field.setAttribute("aria-expanded", String(open));
    if (!open) this.#field.removeAttribute("aria-activedescendant");
  }

  #hide() {
    this.#open(false);
  }

  #take(command) {
    this.#field.value = `${command} `;
    this.#field.focus();
    this.#suggest();
  }

  #keys(event) {
    const items = [...this.#hints.children];
    if (this.#hints.hidden || items.length === 0) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) this.#move((this.#active + step + items.length) % items.length, items);
    else if (event.key === "Escape") this.#hide();
    else if (this.#completes(event)) this.#take(items[Math.max(this.#active, 0)].dataset.command);
    else return;
    event.preventDefault();
  }

  // Tab completes a half-typed command; Enter does so only for a hint that was chosen.
  #completes(event) {
    if (this.#field.value.includes(" ")) return false;
    return event.key === "Tab" ? !event.shiftKey : event.key === "Enter" && this.#active >= 0;
  }

  #move(to, items) {
    this.#active = to;
    items.forEach((item, at) => item.setAttribute("aria-selected", String(at === to)));
    this.#field.setAttribute("aria-activedescendant", items[to].id);
  }

  async #send(event) {
    event.preventDefault();
    const text = this.#field.value.trim();
    if (!text) return;
    const { me: as, channel } = this.workspace;
    this.#field.value = "";
    this.#hide();
    const answer = await (text.startsWith("/") ? workspaceApi.command : workspaceApi.say)({ as, channel, text })
      .catch((error) => ({ result: "error", text: error.message }));
    if (answer.result !== "error") return;
    toast(answer.text);
    if (!this.#field.value) this.#field.value = text;
  }
}
