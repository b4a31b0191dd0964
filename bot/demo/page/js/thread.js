/** A message's thread in a side panel, with a box to reply. */
import { workspaceApi } from "./api.js";
import { toast } from "./announce.js";
import { byId } from "./dom.js";
import { MessageList } from "./messages.js";

export class Thread {
  #panel = byId("thread");
  #list = null;
  #ts = null;
  #opener = null;

  constructor(workspace, menu) {
    this.workspace = workspace;
    this.menu = menu;
    byId("thread-close").addEventListener("click", () => this.close());
    byId("thread-form").addEventListener("submit", (event) => this.#reply(event));
    this.#panel.addEventListener("keydown", (event) => event.key === "Escape" && this.close());
    workspace.addEventListener("messages", () => this.draw());
    workspace.addEventListener("opened", () => this.close(false));
    workspace.addEventListener("entered", () => this.draw());
  }

  /** Show the thread under a message of the open channel. */
  open(ts) {
    this.#opener = document.activeElement;
    this.#ts = ts;
    this.channel = this.workspace.channel;
    const place = { workspace: this.workspace, channel: this.channel, inThread: true, menu: this.menu };
    this.#list = new MessageList(byId("thread-messages"), place);
    this.#list.reset(place);
    this.#panel.hidden = false;
    this.draw();
    byId("thread-close").focus();
  }

  /** Draw what is open; a thread whose first message is gone shows the replies alone. */
  draw() {
    if (this.#ts === null) return;
    const first = this.workspace.messages.get(this.channel)?.get(this.#ts);
    this.#list.draw([...(first ? [first] : []), ...this.workspace.replies(this.channel, this.#ts)]);
  }

  /** Put the panel away and give focus back to where it was opened. */
  close(refocus = true) {
    if (this.#ts === null) return;
    const article = byId("messages").querySelector(`[data-ts="${CSS.escape(this.#ts)}"]`);
    this.#ts = null;
    this.#panel.hidden = true;
    if (!refocus) return;
    // A reply redraws the message, and with it the button that opened the thread.
    const back = this.#opener?.isConnected ? this.#opener : article?.querySelector(".replies") ?? byId("messages");
    back.focus();
  }

  async #reply(event) {
    event.preventDefault();
    const field = byId("thread-text");
    const text = field.value.trim();
    if (!text) return;
    field.value = "";
    const answer = await workspaceApi.say({ as: this.workspace.me, channel: this.channel, text, thread_ts: this.#ts })
      .catch((error) => ({ result: "error", text: error.message }));
    if (answer.result === "error") toast(answer.text);
  }
}
