/** The blocked services: one live strip each, with what really happened and after how many milliseconds. */
import { announce, dismissAll, toast } from "./announce.js";
import { stageApi } from "./api.js";
import { clockTime } from "./dates.js";
import { byId, el, icon } from "./dom.js";
import { question } from "./confirm.js";
import { Stream } from "./stream.js";

const grouped = new Intl.NumberFormat("en");
const milliseconds = (number) => `${grouped.format(Math.round(number))} ms`;
const spanOf = (ms) => (ms < 10_000 ? milliseconds(ms) : `${grouped.format(Math.round(ms / 1000))} s`);

export class Strips {
  #strips = new Map();
  #answers = new Map();

  constructor(info) {
    this.#tell(info);
    byId("line-copy").addEventListener("click", () => this.#copy(byId("line").textContent));
    byId("expire").addEventListener("click", (event) => this.#expire(event.currentTarget));
    byId("over").addEventListener("click", (event) => this.#over(event.currentTarget));
    this.stream = new Stream("/demo/stream", {
      onEvent: (event) => event.type === "strips" && this.#draw(event.strips),
      onGap: () => stageApi.info().then((fresh) => fresh && this.#tell(fresh)).catch(() => {}),
    });
    setInterval(() => this.#countDown(), 1_000);
  }

  // A demo that was started again has new keys, so the line to copy is another.
  #tell(info) {
    byId("line").textContent = info.line;
  }

  #draw(strips) {
    const before = this.#strips;
    this.#strips = new Map(strips.map((strip) => [strip.key, strip]));
    for (const strip of strips) {
      const old = before.get(strip.key);
      if (old && old.state !== strip.state) announce(`${strip.service}: ${strip.state}. ${strip.line}`);
      if (old && old.escalation !== strip.escalation) this.#answers.delete(strip.key);
      if (JSON.stringify(old) !== JSON.stringify(strip)) this.#place(strip);
    }
    for (const key of before.keys()) if (!this.#strips.has(key)) this.#node(key)?.remove();
  }

  #node(key) {
    return byId("strips").querySelector(`[data-key="${CSS.escape(key)}"]`);
  }

  #place(strip) {
    const old = this.#node(strip.key);
    const fresh = this.#strip(strip);
    if (!old) {
      byId("strips").append(fresh);
      return;
    }
    const focused = old.contains(document.activeElement) ? document.activeElement.dataset.verb : null;
    old.replaceWith(fresh);
    if (focused) fresh.querySelector(`[data-verb="${focused}"]`)?.focus();
  }

  #strip(strip) {
    const answer = this.#answers.get(strip.key);
    return el("div", { class: "strip", role: "group", "aria-label": `${strip.service}: ${strip.state}`, dataset: { key: strip.key, state: strip.state, escalation: strip.escalation } },
      el("header", { class: "strip-head" }, el("h3", {}, strip.service), el("span", { class: "state", dataset: { testid: "strip-state" } }, strip.state)),
      el("p", { class: "strip-line", dataset: { testid: "strip-line" } }, `${strip.state}: ${strip.line}`),
      history(strip),
      deadline(strip),
      strip.escalation ? el("div", { class: "strip-buttons" }, this.#action(strip, "twice", "Try to run it twice"), this.#action(strip, "change", strip.change)) : null,
      answer ? refusal(answer) : null);
  }

  #countDown() {
    for (const node of byId("strips").querySelectorAll("[data-until]")) node.textContent = secondsLeft(Number(node.dataset.until));
  }

  #action(strip, verb, label) {
    const run = async (event) => {
      const button = event.currentTarget;
      await busy(button, async () => {
        const answer = await stageApi.attempt(verb, strip.key);
        this.#answers.set(strip.key, answer);
        announce(spokenAnswer(answer));
      });
      this.#place(this.#strips.get(strip.key) ?? strip);
    };
    return el("button", { type: "button", class: "button small", dataset: { verb }, on: { click: run } }, label);
  }

  async #copy(text) {
    try {
      await navigator.clipboard.writeText(text);
      announce("Copied");
      byId("line-copy-label").textContent = "Copied";
      setTimeout(() => { byId("line-copy-label").textContent = "Copy"; }, 2_000);
    } catch {
      getSelection().selectAllChildren(byId("line"));
      toast("The browser does not let the page copy. The line is selected: copy it with your keyboard.", "info");
    }
  }

  #expire(button) {
    return busy(button, async () => {
      const answer = await stageApi.expire();
      if (answer.result === "error") toast(answer.text);
      else toast("One more card is open. Leave it alone: it ends by itself in 90 seconds, and nothing runs.", "info");
    });
  }

  async #over(button) {
    const sure = await question({
      title: "Start over?", text: "What is still held is withdrawn, and the three operations are asked for anew.", yes: "Start over", no: "Keep going", style: "primary",
    });
    if (!sure) return;
    this.#answers.clear();
    dismissAll();
    await busy(button, async () => {
      const answer = await stageApi.over();
      if (answer.result === "error") toast(answer.text);
      else await this.onOver?.();
    });
  }
}

async function busy(button, work) {
  if (button.getAttribute("aria-busy") === "true") return;
  button.setAttribute("aria-busy", "true");
  try {
    await work();
  } catch (error) {
    toast(error.message);
  } finally {
    button.removeAttribute("aria-busy");
  }
}

// Each step with what it took: the one that matters is from the click to the release.
function history({ history: steps, click_to_release_ms: toRelease }) {
  if (steps.length < 2) return null;
  return el("ol", { class: "history", "aria-label": "What happened" }, steps.map(({ state, at, note }, n) => el("li", { class: "step" },
    el("span", { class: "step-name" }, state), n === 0 ? null : took(state, Date.parse(at) - Date.parse(steps[n - 1].at), toRelease),
    note ? el("span", { class: "muted step-note" }, note) : null)));
}

function took(state, ms, toRelease) {
  if (state === "released") return el("strong", { class: "step-at", dataset: { testid: "click-to-release" } }, `${milliseconds(toRelease)} after the click`);
  return el("span", { class: "step-at" }, `after ${spanOf(ms)}`);
}

function deadline({ state, decide_by: by }) {
  if (state !== "held" || !by) return null;
  const until = Date.parse(by);
  const near = until - Date.now() < 120_000;
  return el("p", { class: "strip-more" }, near
    ? el("span", {}, "Expires by itself in ", el("strong", { dataset: { until } }, secondsLeft(until)), "; nothing runs")
    : el("span", {}, "Decide by ", el("strong", {}, clockTime(until / 1000)), ", else nothing runs"));
}

function secondsLeft(until) {
  return `${Math.max(0, Math.ceil((until - Date.now()) / 1000))} s`;
}

function refusal({ status, problem, text }) {
  const title = problem?.title ?? text ?? "No answer";
  return el("div", { class: "refusal", dataset: { testid: "refusal", status } },
    el("p", { class: "refusal-title" }, icon("lock"), el("strong", {}, `${status ?? ""} ${title}`.trim())),
    problem?.detail ? el("p", {}, problem.detail) : null);
}

function spokenAnswer({ status, problem, text }) {
  return [status ? `Refused, ${status}` : null, problem?.title, problem?.detail, text].filter(Boolean).join(". ");
}
