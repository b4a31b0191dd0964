/** Who is acting, and the channels and direct messages that person sees, with unread dots. */
import { byId, el, icon, spoken } from "./dom.js";
import { avatar } from "./messages.js";

const KINDS = [["member", "Members"], ["guest", "Guests"], ["foreign", "Other workspaces"], ["bot", "Bots"]];

export class Sidebar {
  #nav = byId("channels");
  #person = byId("acting-as");

  /** `onPerson(id)` when another person is chosen. */
  constructor(workspace, onPerson) {
    this.workspace = workspace;
    this.#person.addEventListener("change", () => onPerson(this.#person.value));
    byId("channels-toggle").addEventListener("click", () => this.#toggle());
    this.#nav.addEventListener("keydown", (event) => event.key === "Escape" && this.#toggle(false));
    workspace.addEventListener("entered", () => this.#people());
    for (const type of ["entered", "opened", "unread"]) workspace.addEventListener(type, () => this.#draw());
  }

  /** Out of the way of what is to be read. */
  close() {
    if (byId("slack").dataset.drawer === "open") this.#toggle(false);
  }

  #toggle(open = byId("slack").dataset.drawer !== "open") {
    byId("slack").dataset.drawer = open ? "open" : "closed";
    byId("channels-toggle").setAttribute("aria-expanded", String(open));
    (open ? this.#nav.querySelector("button") : byId("channels-toggle")).focus();
  }

  #draw() {
    const focused = document.activeElement?.dataset?.channel;
    this.#nav.replaceChildren(
      this.#group("Channels", (channel) => channel.kind !== "im"),
      this.#group("Direct messages", (channel) => channel.kind === "im"));
    if (focused) this.#nav.querySelector(`[data-channel="${CSS.escape(focused)}"]`)?.focus();
  }

  #people() {
    const { people, me, app, team } = this.workspace.state;
    byId("team-name").textContent = team.name;
    const option = (person) => el("option", { value: person.id, selected: person.id === me }, label(person));
    this.#person.replaceChildren(...KINDS.map(([kind, title]) => {
      const some = people.filter((person) => person.kind === kind && person.id !== app.bot_user);
      return some.length ? el("optgroup", { label: title }, some.map(option)) : "";
    }));
    this.#person.value = me;
  }

  #group(title, belongs) {
    const items = this.workspace.channels.filter(belongs).map((channel) => el("li", {}, this.#entry(channel)));
    return el("section", { class: "channel-group" }, el("h3", {}, title), el("ul", {}, items));
  }

  #entry(channel) {
    const unread = this.workspace.unread.get(channel.id) ?? 0;
    const open = channel.id === this.workspace.channel;
    const choose = () => {
      this.workspace.open(channel.id);
      this.close();
    };
    return el("button", {
      type: "button", class: "channel", "aria-current": open ? "page" : null, dataset: { testid: "channel", channel: channel.id, unread: unread ? "true" : null }, on: { click: choose },
    }, this.#sign(channel), el("span", { class: "channel-name" }, this.title(channel)),
    unread ? el("span", { class: "unread" }, String(unread), spoken(" unread")) : null);
  }

  #sign(channel) {
    if (channel.kind !== "im") return icon(channel.kind === "private" ? "lock" : "hash");
    return avatar(this.title(channel), channel.with === this.workspace.state.app.bot_user);
  }

  /** A channel's name as the list shows it. */
  title(channel) {
    return channel.kind === "im" ? this.workspace.names.person(channel.with) : channel.name;
  }
}

function label(person) {
  const more = [person.title, person.deleted ? "deactivated" : null].filter(Boolean).join(", ");
  return more ? `${person.name} (${more})` : person.name;
}
