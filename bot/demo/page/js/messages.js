/** One message as an article, and a list of them that is patched in place. */
import { blocks } from "./blocks.js";
import { clockTime, formatDate } from "./dates.js";
import { el, freshId, icon, iconButton } from "./dom.js";
import { mrkdwn } from "./mrkdwn.js";
import { press } from "./acting.js";
import { toast } from "./announce.js";

/** The round picture of a person: initials on one of six quiet colours, the lamp for the app. */
export function avatar(name, isApp) {
  if (isApp) return el("span", { class: "avatar app", "aria-hidden": "true" }, el("span", { class: "lamp" }));
  const hue = [...name].reduce((sum, letter) => sum + letter.codePointAt(0), 0) % 6;
  return el("span", { class: `avatar hue-${hue}`, "aria-hidden": "true" }, name.slice(0, 1).toUpperCase());
}

/** Draw a message. `place` offers `workspace`, `channel`, `inThread`, `openThread(ts)`, `menu(button, message)`. */
export function messageArticle(message, place) {
  const { workspace } = place;
  const labels = freshId("message");
  const isApp = message.user === workspace.state.app.bot_user;
  const name = workspace.names.person(message.user);
  const node = el("article", {
    class: `message${message.ephemeral ? " ephemeral" : ""}`, tabindex: "-1", "aria-labelledby": labels,
    dataset: { ts: message.ts, ephemeral: message.ephemeral ? "true" : null, user: message.user },
  },
  avatar(name, isApp),
  el("div", { class: "message-main" },
    message.ephemeral ? el("p", { class: "only-you" }, icon("eye"), "Only visible to you") : null,
    heading(message, name, isApp, labels),
    content(message, place),
    foot(message, place)),
  tools(message, place, name));
  return node;
}

function heading(message, name, isApp, id) {
  return el("header", { class: "message-head", id },
    el("span", { class: "author" }, name), " ",
    isApp ? el("span", { class: "app-badge" }, "APP") : null, isApp ? " " : null,
    el("time", { datetime: new Date(Number(message.ts) * 1000).toISOString(), title: formatDate(Number(message.ts), "{date_long} {time_secs}") }, clockTime(Number(message.ts))));
}

function content(message, { workspace, channel }) {
  const surface = {
    names: workspace.names,
    act: (node, payload) => press(node, workspace.me, { channel, ts: message.ts }, payload, (text) => toast(text)),
  };
  const body = message.blocks?.length ? blocks(message.blocks, surface) : el("div", { class: "block" }, mrkdwn(message.text ?? "", workspace.names));
  return el("div", { class: "blocks" }, body, message.edited ? el("span", { class: "muted edited" }, "(edited)") : null);
}

function foot(message, place) {
  if (message.ephemeral) {
    const dismiss = () => place.workspace.dismiss(place.channel, message.ts);
    return el("button", { type: "button", class: "link-button", on: { click: dismiss } }, "Dismiss message");
  }
  if (place.inThread || !message.reply_count) return null;
  const words = message.reply_count === 1 ? "1 reply" : `${message.reply_count} replies`;
  return el("button", { type: "button", class: "replies", dataset: { testid: "replies" }, on: { click: () => place.openThread(message.ts) } }, icon("reply"), words);
}

function tools(message, place, name) {
  if (message.ephemeral) return null;
  const what = `${name}'s message of ${clockTime(Number(message.ts))}`;
  const reply = place.inThread ? null : iconButton("reply", `Reply in thread to ${what}`, () => place.openThread(message.ts));
  const more = iconButton("more", `More actions for ${what}`, () => place.menu(more, message), { "aria-haspopup": "menu", "aria-expanded": "false", dataset: { testid: "message-menu" } });
  return el("div", { class: "message-tools" }, reply, more);
}

/** A list of articles: unchanged ones stay, so that focus, scrolling and open menus survive. */
export class MessageList {
  #drawn = new Map();

  constructor(root, place) {
    this.root = root;
    this.place = place;
  }

  /** Draw these messages; `changed` is the ts of one that was edited just now. */
  draw(messages, changed = null) {
    const wanted = new Set(messages.map((message) => message.ts));
    for (const [ts, entry] of this.#drawn) if (!wanted.has(ts)) this.#take(ts, entry);
    let previous = null;
    for (const message of messages) {
      const node = this.#article(message, message.ts === changed);
      const expected = previous ? previous.nextSibling : this.root.firstChild;
      if (node !== expected) this.root.insertBefore(node, expected);
      previous = node;
    }
  }

  /** Forget everything drawn, as when another channel is opened. */
  reset(place) {
    this.place = place;
    this.#drawn.clear();
    this.root.replaceChildren();
  }

  #take(ts, entry) {
    if (entry.node.contains(document.activeElement)) this.root.focus();
    entry.node.remove();
    this.#drawn.delete(ts);
  }

  #article(message, flash) {
    const shown = JSON.stringify(message);
    const before = this.#drawn.get(message.ts);
    if (before?.shown === shown) return before.node;
    const node = messageArticle(message, this.place);
    if (before) replaceKeepingFocus(before.node, node);
    if (flash) node.classList.add("changed");
    this.#drawn.set(message.ts, { shown, node });
    return node;
  }
}

// A redraw must not throw a keyboard reader back to the top: the same button, or the message, keeps focus.
function replaceKeepingFocus(old, fresh) {
  const active = old.contains(document.activeElement) ? document.activeElement : null;
  old.replaceWith(fresh);
  if (!active) return;
  const id = active.dataset.actionId;
  const same = id && fresh.querySelector(`[data-action-id="${CSS.escape(id)}"]`);
  (same || fresh).focus({ preventScroll: true });
}
