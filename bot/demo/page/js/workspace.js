/**
 * What the page knows of the workspace, seen by one person: people, channels, messages, unread
 * counts, App Home. Drawing modules listen for its events and read from it; none keeps its own copy.
 *
 *   "entered"                       everything is new (another person, a fresh read)
 *   "messages"  {channel, fresh?, changed?}   a channel's messages changed; `fresh` is a new one
 *   "unread" "home" "notification" {…} "view" {view} "view_closed" {view_id} "error" {text}
 */
import { workspaceApi } from "./api.js";
import { Stream } from "./stream.js";

export class Workspace extends EventTarget {
  state = null;
  messages = new Map();
  unread = new Map();
  channel = null;
  #people = new Map();
  #seen = new Map();
  #readings = 0;
  #late = [];
  #stream = null;

  get me() {
    return this.state.me;
  }

  get channels() {
    return this.state.channels;
  }

  /** The direct message between this person and the app, if they may have one. */
  get appChannel() {
    return this.channels.find((channel) => channel.kind === "im" && channel.with === this.state.app.bot_user) ?? null;
  }

  /** See the workspace as this person; an empty id lets the server choose. */
  async enter(as) {
    this.#stream?.close();
    this.channel = as === this.state?.me ? this.channel : null;
    await this.#read(as);
    this.#stream = new Stream(`/ui/stream?as=${encodeURIComponent(this.me)}`, {
      onEvent: (event) => this.#apply(event),
      onGap: () => this.#read(this.me),
      onStatus: (live) => this.#tell("live", { live }),
    });
  }

  async #read(as) {
    this.#readings += 1;
    try {
      this.state = await workspaceApi.state(as);
      this.#people = new Map(this.state.people.map((person) => [person.id, person]));
      const lists = await Promise.all(this.channels.map((channel) => workspaceApi.messages(this.me, channel.id)));
      this.messages = new Map(this.channels.map((channel, at) => [channel.id, this.#byTs(lists[at].messages)]));
      this.unread = new Map(this.channels.map((channel) => [channel.id, this.#countUnread(channel)]));
    } finally {
      this.#readings -= 1;
    }
    this.#tell("entered");
    if (this.#readings === 0) for (const event of this.#late.splice(0)) this.#apply(event);
  }

  #byTs(messages) {
    return new Map(messages.map((message) => [message.ts, message]));
  }

  #countUnread(channel) {
    const seen = this.#seen.get(`${this.me} ${channel.id}`) ?? "0";
    return this.topLevel(channel.id).filter((message) => message.ts > seen && message.user !== this.me).length;
  }

  /** A channel's messages outside threads, oldest first. */
  topLevel(channel) {
    return this.#sorted(channel).filter((message) => !message.thread_ts || message.thread_ts === message.ts);
  }

  /** The replies under one message, oldest first. */
  replies(channel, ts) {
    return this.#sorted(channel).filter((message) => message.thread_ts === ts && message.ts !== ts);
  }

  #sorted(channel) {
    const all = [...(this.messages.get(channel)?.values() ?? [])];
    return all.sort((a, b) => Number(a.ts) - Number(b.ts) || a.ts.localeCompare(b.ts));
  }

  /** Show a channel: its messages count as seen from now on. */
  open(channel) {
    this.channel = channel;
    this.markSeen();
    this.#tell("opened");
  }

  markSeen() {
    const last = this.topLevel(this.channel).at(-1)?.ts ?? "0";
    this.#seen.set(`${this.me} ${this.channel}`, last);
    this.unread.set(this.channel, 0);
    this.#tell("unread");
  }

  #apply(event) {
    // What comes while all is read afresh may be younger than what was read: it is applied on top.
    if (this.#readings > 0) {
      this.#late.push(event);
      return;
    }
    const { type, ...detail } = event;
    if (detail.message) this.#store(type, detail);
    else if (type === "deleted") this.#forget(detail);
    else if (type === "home") this.state.home = detail.view;
    if (["home", "notification", "view", "view_closed", "error"].includes(type)) this.#tell(type, detail);
  }

  #store(type, { channel, message }) {
    if (!this.messages.has(channel)) {
      this.#read(this.me);
      return;
    }
    const known = this.messages.get(channel).has(message.ts);
    this.messages.get(channel).set(message.ts, { ...message, ephemeral: message.ephemeral ?? type === "ephemeral" });
    this.#countReplies(channel, message.thread_ts);
    const threaded = message.thread_ts && message.thread_ts !== message.ts;
    if (!known && !threaded && channel !== this.channel && message.user !== this.me) {
      this.unread.set(channel, (this.unread.get(channel) ?? 0) + 1);
      this.#tell("unread");
    }
    this.#tell("messages", { channel, fresh: known ? null : message, changed: known ? message.ts : null });
  }

  // A reply arrives without its parent being sent again.
  #countReplies(channel, parent) {
    const top = this.messages.get(channel).get(parent);
    if (top) top.reply_count = Math.max(top.reply_count ?? 0, this.replies(channel, parent).length);
  }

  #forget({ channel, ts }) {
    this.messages.get(channel)?.delete(ts);
    this.#tell("messages", { channel, removed: ts });
  }

  /** Take a message away for this page alone, as Slack's "Dismiss message" does. */
  dismiss(channel, ts) {
    this.#forget({ channel, ts });
  }

  person(id) {
    return this.#people.get(id) ?? null;
  }

  /** Names for mentions and to choose from; an unknown id is shown as it is. */
  names = {
    everybody: () => [...this.#people.values()].filter(({ deleted, kind }) => !deleted && kind !== "bot"),
    person: (id) => (id === this.state.app.bot_user ? this.state.app.name : this.#people.get(id)?.name ?? id),
    channel: (id) => this.channels.find((channel) => channel.id === id)?.name ?? id,
    group: (id) => this.state.groups?.find((group) => group.id === id)?.handle ?? id,
  };

  #tell(type, detail = {}) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
