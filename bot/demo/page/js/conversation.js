/** The open channel: its head, its messages, its live changes. */
import { announce, toast } from "./announce.js";
import { workspaceApi } from "./api.js";
import { byId } from "./dom.js";
import { openMenu } from "./menu.js";
import { MessageList } from "./messages.js";
import { asPlain } from "./mrkdwn.js";
import { question } from "./confirm.js";
import { Thread } from "./thread.js";

// Within this many pixels of the end a reader is taken to follow what arrives.
const FOLLOWING = 160;

export class Conversation {
  #root = byId("messages");
  #list = null;

  constructor(workspace, title) {
    this.workspace = workspace;
    this.title = title;
    const menu = (button, message) => this.#menu(button, message);
    this.thread = new Thread(workspace, menu);
    this.#list = new MessageList(this.#root, null);
    this.place = (channel) => ({ workspace, channel, inThread: false, menu, openThread: (ts) => this.thread.open(ts) });
    workspace.addEventListener("opened", () => this.#opened());
    workspace.addEventListener("entered", () => this.#entered());
    workspace.addEventListener("messages", ({ detail }) => this.#changed(detail));
  }

  #opened() {
    const channel = this.workspace.channels.find((one) => one.id === this.workspace.channel);
    byId("channel-name").textContent = channel.kind === "im" ? this.title(channel) : `# ${channel.name}`;
    this.#root.setAttribute("aria-label", `Messages in ${this.title(channel)}`);
    this.#list.reset(this.place(channel.id));
    this.#draw();
    this.#toNewest();
  }

  // A fresh read after a gap redraws what is open; another person starts with their own first channel.
  #entered() {
    const { channels, channel } = this.workspace;
    if (channels.some((one) => one.id === channel)) this.#draw();
    else this.workspace.open(this.#firstChannel());
  }

  #firstChannel() {
    const { appChannel, channels } = this.workspace;
    const hasCards = appChannel && this.workspace.topLevel(appChannel.id).length > 0;
    return hasCards ? appChannel.id : channels[0].id;
  }

  #draw(changed = null) {
    this.#list.draw(this.workspace.topLevel(this.workspace.channel), changed);
    byId("no-messages").hidden = this.#root.childElementCount > 0;
  }

  // A card is read from its top, so a newest message taller than the window is shown from there.
  #toNewest() {
    const newest = this.#root.lastElementChild;
    if (!newest) return;
    const tall = newest.offsetHeight > this.#root.clientHeight;
    this.#root.scrollTop = tall ? newest.offsetTop : this.#root.scrollHeight;
  }

  #changed({ channel, fresh, changed }) {
    if (fresh) this.#speak(channel, fresh);
    if (channel !== this.workspace.channel) return;
    const end = this.#root.scrollHeight - this.#root.scrollTop - this.#root.clientHeight;
    this.#draw(changed);
    if (fresh && !document.hidden) this.workspace.markSeen();
    const mine = fresh && (fresh.user === this.workspace.me || fresh.ephemeral);
    if (fresh && (end < FOLLOWING || mine)) this.#toNewest();
  }

  #speak(channel, message) {
    if (message.user === this.workspace.me) return;
    const from = this.workspace.names.person(message.user);
    const where = this.workspace.names.channel(channel);
    const whose = message.ephemeral ? ", only visible to you" : "";
    announce(`${from} in ${where}${whose}: ${asPlain(message.text ?? "", this.workspace.names)}`);
  }

  /** Bring one message into view and give it focus, as a tap on a notification does. */
  reveal(channel, ts) {
    if (channel !== this.workspace.channel) this.workspace.open(channel);
    const article = this.#root.querySelector(`[data-ts="${CSS.escape(ts)}"]`);
    if (!article) {
      toast("This message is no longer there.", "info");
      return;
    }
    this.#root.scrollTop = article.offsetTop;
    article.focus({ preventScroll: true });
    article.classList.add("changed");
  }

  #menu(button, message) {
    openMenu(button, [{ label: "Delete message…", danger: true, run: () => this.#remove(message) }]);
  }

  async #remove(message) {
    const sure = await question({
      title: "Delete message", text: "As a workspace admin you can delete any message. The app is not asked.", yes: "Delete", no: "Cancel", style: "danger",
    });
    if (!sure) return;
    const answer = await workspaceApi.remove({ as: this.workspace.me, channel: this.workspace.channel, ts: message.ts })
      .catch((error) => ({ result: "error", text: error.message }));
    if (answer.result === "error") toast(answer.text);
  }
}
