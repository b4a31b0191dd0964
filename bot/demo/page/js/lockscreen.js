/** A phone's lock screen: what rings, and the little that can be read before anything is opened. */
import { ago, clockTime } from "./dates.js";
import { byId, el } from "./dom.js";

const MOST = 6;

export class LockScreen {
  #items = new Map();
  #list = byId("notifications");

  /** `onOpen(channel, ts)` when a notification is tapped. */
  constructor(workspace, onOpen) {
    this.workspace = workspace;
    this.onOpen = onOpen;
    workspace.addEventListener("entered", () => this.#fill());
    workspace.addEventListener("notification", ({ detail }) => this.#ring(detail));
    this.#tick();
    setInterval(() => this.#tick(), 10_000);
  }

  #fill() {
    const name = this.workspace.names.person(this.workspace.me);
    byId("phone-title").textContent = `${name}’s phone`;
    this.#list.setAttribute("aria-label", `Notifications on ${name}’s lock screen`);
    const past = this.workspace.pastNotifications().map((one) => [key(one), one]);
    const rung = this.owner === this.workspace.me ? this.#items : [];
    this.owner = this.workspace.me;
    this.#items = new Map([...past, ...rung]);
    this.#draw();
  }

  #ring(notification) {
    if (notification.person && notification.person !== this.workspace.me) return;
    this.#items.set(key(notification), notification);
    this.#draw(key(notification));
  }

  #draw(fresh = null) {
    const newest = [...this.#items.entries()].sort(([, a], [, b]) => b.at - a.at);
    this.#list.replaceChildren(...newest.slice(0, MOST).map(([id, one]) => el("li", {}, this.#card(one, id === fresh))));
    byId("notifications-more").textContent = newest.length > MOST ? `and ${newest.length - MOST} earlier` : "";
    byId("notifications-none").hidden = newest.length > 0;
    byId("phone-count").textContent = newest.length ? String(newest.length) : "";
  }

  #card(one, fresh) {
    return el("button", {
      type: "button", class: `notification${fresh ? " fresh" : ""}`, dataset: { ts: one.ts, channel: one.channel, testid: "notification" },
      on: { click: () => this.onOpen(one.channel, one.ts) },
    },
    el("span", { class: "notification-head" }, el("span", { class: "lamp" }), el("span", { class: "notification-app" }, this.workspace.state.app.name),
      el("span", { class: "notification-at", dataset: { at: one.at } }, since(one.at))),
    el("span", { class: "notification-text" }, one.text));
  }

  #tick() {
    const now = Date.now() / 1000;
    byId("phone-clock").textContent = clockTime(now);
    byId("phone-date").textContent = new Intl.DateTimeFormat("en", { weekday: "long", day: "numeric", month: "long" }).format(new Date());
    for (const node of this.#list.querySelectorAll("[data-at]")) node.textContent = since(Number(node.dataset.at));
  }
}

function key({ channel, ts }) {
  return `${channel} ${ts}`;
}

function since(at) {
  return Date.now() / 1000 - at < 60 ? "now" : ago(new Date(at * 1000));
}
