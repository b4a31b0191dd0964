/** The tabs over a direct message with the app: its messages, and its App Home. */
import { press } from "./acting.js";
import { workspaceApi } from "./api.js";
import { toast } from "./announce.js";
import { blocks } from "./blocks.js";
import { byId, el } from "./dom.js";
import { collectValues } from "./elements.js";
import { wireTabs } from "./tabs.js";

export class Home {
  #root = byId("home");

  constructor(workspace) {
    this.workspace = workspace;
    this.tabs = wireTabs(byId("app-tabs"), (name) => this.#choose(name));
    workspace.addEventListener("opened", () => this.#opened());
    workspace.addEventListener("home", () => this.#draw());
    workspace.addEventListener("entered", () => this.#draw());
  }

  #opened() {
    const isApp = this.workspace.channel === this.workspace.appChannel?.id;
    byId("app-tabs").hidden = !isApp;
    this.tabs.select("messages");
  }

  #choose(name) {
    const home = name === "home";
    this.#root.hidden = !home;
    byId("messages").hidden = home;
    byId("composer").hidden = home;
    if (home) this.#look();
  }

  // The app hears that its home was opened, and draws it; what it drew comes through the stream.
  #look() {
    this.#draw();
    workspaceApi.home({ as: this.workspace.me }).catch((error) => toast(error.message));
  }

  #draw() {
    const view = this.workspace.state.home;
    const kept = collectValues(this.#root);
    const surface = {
      names: this.workspace.names, kept,
      act: (node, payload) => press(node, this.workspace.me, { view_id: view.id }, payload, (text) => toast(text)),
    };
    this.#root.replaceChildren(...(view ? blocks(view.blocks, surface) : [el("p", { class: "muted" }, "The app draws your home…")]));
  }
}
