/**
 * Slack's date formats, in the reader's own zone.
 * Source: docs.slack.dev, block kit, date element (the same tokens as in `<!date^…>`).
 */
import { el } from "./dom.js";

const DAY = 86_400_000;
const UNITS = [["year", 31_536_000], ["month", 2_592_000], ["week", 604_800], ["day", 86_400], ["hour", 3_600], ["minute", 60]];
const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
const clock = new Intl.DateTimeFormat("en", { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const clockSeconds = new Intl.DateTimeFormat("en", { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });

const part = (date, options) => new Intl.DateTimeFormat("en", options).format(date);
const month = (date) => part(date, { month: "long" });
const shortMonth = (date) => part(date, { month: "short" });
const weekday = (date) => part(date, { weekday: "long" });
const two = (number) => String(number).padStart(2, "0");

function ordinal(day) {
  const tens = day % 100;
  if (tens >= 11 && tens <= 13) return `${day}th`;
  return `${day}${["th", "st", "nd", "rd"][day % 10] ?? "th"}`;
}

const longDay = (date) => `${month(date)} ${ordinal(date.getDate())}`;
const longFull = (date) => `${longDay(date)}, ${date.getFullYear()}`;
const long = (date) => `${weekday(date)}, ${longFull(date)}`;
const short = (date) => `${shortMonth(date)} ${date.getDate()}, ${date.getFullYear()}`;

const TOKENS = {
  date_num: (date) => `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`,
  date_slash: (date) => `${two(date.getDate())}/${two(date.getMonth() + 1)}/${date.getFullYear()}`,
  date: longFull,
  date_short: short,
  date_long: long,
  date_long_full: longFull,
  date_pretty: (date) => dayName(date) ?? longFull(date),
  date_short_pretty: (date) => dayName(date) ?? short(date),
  date_long_pretty: (date) => dayName(date) ?? long(date),
  day_divider_pretty: (date) => dayName(date) ?? (thisYear(date) ? `${weekday(date)}, ${longDay(date)}` : long(date)),
  time: (date) => clock.format(date),
  time_secs: (date) => clockSeconds.format(date),
  ago: (date) => ago(date),
};

function thisYear(date) {
  return date.getFullYear() === new Date().getFullYear();
}

/** "today", "yesterday" or "tomorrow", or null for any other day. */
function dayName(date) {
  const midnight = (value) => new Date(value.getFullYear(), value.getMonth(), value.getDate()).getTime();
  const days = Math.round((midnight(date) - midnight(new Date())) / DAY);
  return { "-1": "yesterday", 0: "today", 1: "tomorrow" }[days] ?? null;
}

/** "3 minutes ago", "in 2 hours". */
function ago(date) {
  const seconds = Math.round((date.getTime() - Date.now()) / 1000);
  const [unit, size] = UNITS.find(([, length]) => Math.abs(seconds) >= length) ?? ["second", 1];
  return relative.format(Math.trunc(seconds / size), unit);
}

/** The clock time of a point in time in unix seconds, "22:45". */
export function clockTime(unix) {
  return clock.format(new Date(unix * 1000));
}

/** Substitute Slack's tokens; what is no token stays. A day's name at the very start is capitalised. */
export function formatDate(unix, format) {
  const date = new Date(unix * 1000);
  return format.replace(/\{(\w+)\}/g, (whole, name, at) => {
    const text = TOKENS[name]?.(date) ?? whole;
    return at === 0 ? text.charAt(0).toUpperCase() + text.slice(1) : text;
  });
}

/** A `<time>` element in the reader's zone; the fallback where the timestamp is no date. */
export function timeElement(unix, format, fallback = "") {
  const date = new Date(unix * 1000);
  if (Number.isNaN(date.getTime())) return el("span", {}, fallback);
  return el("time", {
    datetime: date.toISOString(),
    title: `${long(date)}, ${clockSeconds.format(date)}`,
    dataset: { unix, format },
  }, formatDate(unix, format));
}

/** Redraw relative times ("3 minutes ago"), which grow old while they stand on the page. */
export function refreshRelative(root = document) {
  for (const node of root.querySelectorAll('time[data-format*="{ago}"]')) {
    node.textContent = formatDate(Number(node.dataset.unix), node.dataset.format);
  }
}
