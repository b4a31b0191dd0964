/** The blocked services: one live strip each, with what really happened and after how many milliseconds. */
import { announce, toast } from "./announce.js";
import { stageApi } from "./api.js";
import { clockTime } from "./dates.js";
import { byId, el, icon } from "./dom.js";
import { question } from "./confirm.js";
import { Stream } from "./stream.js";

const ACTIONS = { twice: "Try to run it twice", amount: "Change the amount" };
const grouped = new Intl.NumberFormat("en");
const milliseconds = (number) => `${grouped.format(Math.round(number))} ms`;

export class Strips {
  #strips = new Map();
  #answers = new Map();

  constructor(info) {
    byId("curl").textContent = info.curl;
    byId("curl-copy").addEventListener("click", () => this.#copy(info.curl));
    byId("expire").addEventListener("click", (event) => this.#expire(event.currentTarget));
    byId("over").addEventListener("click", (event) => this.#over(event.currentTarget));
    this.stream = new Stream("/demo/stream", { onEvent: (event) => event.type === "strips" && this.#draw(event.strips) });
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
      el("p", { class: "strip-line", dataset: { testid: "strip-line" } }, strip.line),
      history(strip),
      measured(strip),
      el("div", { class: "strip-buttons" }, (strip.actions ?? []).map((verb) => this.#action(strip, verb))),
      answer ? refusal(answer) : null);
  }

  #action(strip, verb) {
    const run = async (event) => {
      const button = event.currentTarget;
      await busy(button, async () => this.#answers.set(strip.key, await stageApi.attempt(verb, strip.key)));
      this.#place(this.#strips.get(strip.key) ?? strip);
      announce(spokenAnswer(this.#answers.get(strip.key)));
    };
    return el("button", { type: "button", class: "button small", dataset: { verb }, on: { click: run } }, ACTIONS[verb] ?? verb);
  }

  async #copy(text) {
    try {
      await navigator.clipboard.writeText(text);
      announce("Copied");
      byId("curl-copy-label").textContent = "Copied";
      setTimeout(() => { byId("curl-copy-label").textContent = "Copy"; }, 2_000);
    } catch {
      getSelection().selectAllChildren(byId("curl"));
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
      title: "Start over?", text: "All cards and votes of this demo are thrown away, and the three escalations open anew.", yes: "Start over", no: "Keep going", style: "primary",
    });
    if (!sure) return;
    this.#answers.clear();
    await busy(button, async () => {
      const answer = await stageApi.over();
      if (answer.result === "error") toast(answer.text);
      else this.onOver?.();
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

// The first step alone would only repeat the line above; what stands behind a colon is in that line too.
function history({ history: steps }) {
  if (steps.length < 2) return null;
  return el("ol", { class: "history", "aria-label": "What happened, in milliseconds since it was asked" }, steps.map((step) => el("li", { class: "step", title: step.text },
    el("span", { class: "step-name" }, step.text.split(": ")[0]), el("span", { class: "step-at" }, milliseconds(step.at_ms)))));
}

function measured(strip) {
  const parts = [];
  if (strip.click_to_release_ms !== null && strip.click_to_release_ms !== undefined) {
    parts.push(el("span", { class: "measured", dataset: { testid: "click-to-release" } }, "From the click to the release: ", el("strong", {}, milliseconds(strip.click_to_release_ms))));
  }
  if (strip.state === "held" && strip.decide_by) {
    parts.push(el("span", {}, "Decide by ", el("strong", {}, clockTime(Date.parse(strip.decide_by) / 1000)), ", else nothing runs"));
  }
  return parts.length ? el("p", { class: "strip-more" }, parts) : null;
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
