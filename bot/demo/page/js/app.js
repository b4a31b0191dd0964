/** Where the page is put together: the workspace, its drawing modules, and the demo's stage if there is one. */
import { announce, toast } from "./announce.js";
import { stageApi } from "./api.js";
import { Composer } from "./composer.js";
import { Conversation } from "./conversation.js";
import { refreshRelative } from "./dates.js";
import { byId } from "./dom.js";
import { Home } from "./home.js";
import { LockScreen } from "./lockscreen.js";
import { Modals } from "./modal.js";
import { Sidebar } from "./sidebar.js";
import { Strips } from "./strips.js";
import { wireTabs } from "./tabs.js";
import { Workspace } from "./workspace.js";

const NARROW = matchMedia("(max-width: 899px)");
const COLUMNS = ["phone", "slack", "services"];

function wireColumns() {
  const tabs = wireTabs(byId("columns"), (name) => { byId("stage").dataset.shown = name; });
  const roles = () => {
    for (const id of COLUMNS) {
      if (NARROW.matches) byId(id).setAttribute("role", "tabpanel");
      else byId(id).removeAttribute("role");
    }
  };
  NARROW.addEventListener("change", roles);
  roles();
  tabs.select("slack");
  return tabs;
}

function remember(workspace) {
  const save = () => {
    const address = new URL(location.href);
    address.searchParams.set("as", workspace.me);
    if (workspace.channel) address.searchParams.set("channel", workspace.channel);
    history.replaceState(null, "", address);
  };
  workspace.addEventListener("opened", save);
  workspace.addEventListener("entered", save);
}

function wireStatus(workspace) {
  workspace.addEventListener("live", ({ detail }) => {
    byId("connection").hidden = detail.live;
    document.documentElement.dataset.live = String(detail.live);
  });
  workspace.addEventListener("error", ({ detail }) => byId("modal").open || toast(detail.text));
}

function wireDemo(info, workspace) {
  document.documentElement.dataset.demo = "true";
  byId("banner").textContent = info.banner;
  const strips = new Strips(info);
  strips.onOver = async () => {
    await workspace.enter(info.approver);
    workspace.open(workspace.appChannel.id);
  };
}

function build(workspace, columns) {
  const enter = async (as) => {
    await workspace.enter(as);
    announce(`You act as ${workspace.names.person(workspace.me)}`);
  };
  const sidebar = new Sidebar(workspace, (as) => enter(as).catch((error) => toast(error.message)));
  const conversation = new Conversation(workspace, (channel) => sidebar.title(channel));
  new Composer(workspace);
  new Home(workspace);
  new Modals(workspace);
  new LockScreen(workspace, (channel, ts) => {
    if (NARROW.matches) columns.select("slack");
    sidebar.close();
    conversation.reveal(channel, ts);
  });
}

async function start() {
  const asked = new URL(location.href).searchParams;
  const columns = wireColumns();
  const workspace = new Workspace();
  wireStatus(workspace);
  build(workspace, columns);
  remember(workspace);
  const info = await stageApi.info();
  if (info) wireDemo(info, workspace);
  await workspace.enter(asked.get("as") ?? info?.approver ?? "");
  const channel = asked.get("channel");
  if (workspace.channels.some((one) => one.id === channel)) workspace.open(channel);
  document.documentElement.dataset.ready = "true";
  setInterval(refreshRelative, 30_000);
}

start().catch((error) => toast(error.message));
