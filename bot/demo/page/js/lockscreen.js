/** A phone's lock screen: what rings, and the little that can be read before anything is opened. */
import { clockTime } from "./dates.js";
import { byId, el } from "./dom.js";

const MOST = 6;
const TOGETHER_S = 60;

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
    this.#items = new Map();
    for (const one of this.workspace.state.notifications) this.#keep(one);
    this.#draw();
  }

  #ring(notification) {
    if (notification.person && notification.person !== this.workspace.me) return;
    this.#keep(notification);
    this.#draw(key(notification));
  }

  #keep(one) {
    this.#items.set(key(one), { ...one, direct: one.channel === this.workspace.appChannel?.id });
  }

  #draw(fresh = null) {
    const newest = stacked([...this.#items.values()]);
    this.#list.replaceChildren(...newest.slice(0, MOST).map((one) => el("li", {}, this.#card(one, one.keys.includes(fresh)))));
    byId("notifications-more").textContent = newest.length > MOST ? `and ${newest.length - MOST} earlier` : "";
    byId("notifications-none").hidden = newest.length > 0;
    byId("phone-count").textContent = newest.length ? String(newest.length) : "";
  }

  #card(one, fresh) {
    return el("button", {
      type: "button", class: `notification${fresh ? " fresh" : ""}`, dataset: { ts: one.ts, channel: one.channel, testid: "notification" },
      on: { click: () => this.onOpen(one.channel, one.ts) },
    },
    el("span", { class: "notification-head" }, el("span", { class: "lamp" }), el("span", { class: "notification-app" }, this.workspace.state.app.name, this.#places(one)),
      el("span", { class: "notification-at", dataset: { at: one.at } }, since(one.at))),
    el("span", { class: "notification-text" }, one.text));
  }

  // A direct message needs no place; a mention says in which channel it was.
  #places({ places }) {
    const named = this.workspace.channels.filter((channel) => channel.kind !== "im" && places.includes(channel.id));
    const words = named.map((channel) => `#${channel.name}`).join(", ");
    return words ? el("span", { class: "notification-place" }, ` ${places.length > named.length ? "and" : "in"} ${words}`) : null;
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

// A channel names times in the policy's zone, a direct message in the reader's.
const timeless = (text) => text.replace(/\d\d:\d\d( [A-Z]{2,5}\b)?/g, "");

// The same words within a minute, to the person and in a channel, lie on one another.
function stacked(all) {
  const stacks = [];
  for (const one of all.sort((a, b) => a.at - b.at)) {
    const same = stacks.find((stack) => timeless(stack.text) === timeless(one.text) && one.at - stack.at < TOGETHER_S && !stack.places.includes(one.channel));
    if (same) {
      same.places.push(one.channel);
      same.keys.push(key(one));
      if (one.direct) Object.assign(same, { channel: one.channel, ts: one.ts, text: one.text });
    } else stacks.push({ ...one, places: [one.channel], keys: [key(one)] });
  }
  return stacks.reverse();
}

function since(at) {
  const minutes = Math.floor((Date.now() / 1000 - at) / 60);
  if (minutes < 1) return "now";
  return minutes < 60 ? `${minutes} min ago` : clockTime(at);
}
