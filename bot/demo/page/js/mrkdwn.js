/**
 * Slack's mrkdwn, parsed into DOM nodes.
 *
 *   text -> fences ```…```  -> <pre>
 *        -> lines           -> <blockquote> for those that start with ">"
 *        -> inline          -> `code`, <…> references, *bold*, _italic_, ~strike~, :emoji:
 *
 * Text reaches the page only as text nodes; the three entities Slack defines are decoded last.
 */
import { el } from "./dom.js";
import { formatDate, timeElement } from "./dates.js";
import { withEmoji } from "./emoji.js";

const MARKS = { "*": "strong", _: "em", "~": "s" };
const SAFE_LINK = /^(https?:|mailto:)/i;
const INLINE = /`([^`\n]+)`|<([^<>\n]+)>|(?<![\p{L}\p{N}])([*_~])(?=\S)([^\n]*?\S)\3(?![\p{L}\p{N}])/gu;

/** Slack's own three entities; `&amp;` last, so that `&amp;lt;` stays `&lt;`. */
export function decode(text) {
  return text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
}

/** Nodes for a mrkdwn text. `names` finds people, channels and groups by id. */
export function mrkdwn(text, names) {
  const nodes = [];
  text.split(/```\n?([\s\S]*?)\n?```/).forEach((piece, index) => {
    if (index % 2 === 1) nodes.push(el("pre", {}, decode(piece)));
    else if (piece !== "") nodes.push(...lines(piece, names));
  });
  return nodes;
}

function lines(text, names) {
  const nodes = [];
  for (const run of quoteRuns(text.split("\n"))) {
    if (run.quoted) nodes.push(el("blockquote", {}, joined(run.lines, names)));
    else nodes.push(...joined(run.lines, names));
  }
  return nodes;
}

function quoteRuns(all) {
  const runs = [];
  for (const line of all) {
    const match = /^(?:&gt;|>) ?(.*)$/.exec(line);
    const quoted = match !== null;
    if (runs.at(-1)?.quoted !== quoted) runs.push({ quoted, lines: [] });
    runs.at(-1).lines.push(quoted ? match[1] : line);
  }
  return runs;
}

function joined(all, names) {
  return all.flatMap((line, index) => (index === 0 ? [] : [el("br")]).concat(inline(line, names)));
}

function inline(text, names) {
  const nodes = [];
  let from = 0;
  for (const match of text.matchAll(INLINE)) {
    nodes.push(...plain(text.slice(from, match.index)));
    nodes.push(matched(match, names));
    from = match.index + match[0].length;
  }
  return nodes.concat(plain(text.slice(from)));
}

function matched([, code, bracket, mark, inner], names) {
  if (code !== undefined) return el("code", {}, decode(code));
  if (bracket !== undefined) return reference(bracket, names);
  return el(MARKS[mark], {}, inline(inner, names));
}

function plain(text) {
  return text === "" ? [] : [document.createTextNode(withEmoji(decode(text)))];
}

function reference(inside, names) {
  const [target, label] = inside.split(/\|(.*)/s);
  if (target.startsWith("@")) return mention(`@${names.person(target.slice(1))}`);
  if (target.startsWith("#")) return mention(`#${label ? decode(label) : names.channel(target.slice(1))}`);
  if (target.startsWith("!")) return command(target.slice(1), label, names);
  return link(decode(target), label === undefined ? null : decode(label));
}

function command(body, label, names) {
  const [kind, ...rest] = body.split("^");
  if (kind === "date") return timeElement(Number(rest[0]), rest[1] ?? "{date_short_pretty} {time}", decode(label ?? ""));
  if (kind === "subteam") return mention(label ? decode(label) : `@${names.group(rest[0])}`);
  return mention(`@${decode(kind)}`);
}

/** A person, group or channel named in a text. */
export function mention(text) {
  return el("span", { class: "mention" }, text);
}

/** A link that opens apart from the page; anything but http(s) and mail stays plain text. */
export function link(url, label) {
  if (!SAFE_LINK.test(url)) return el("span", {}, label ?? url);
  return el("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, label ?? url);
}

/** A mrkdwn text as one plain line, as a phone's lock screen shows it. */
export function asPlain(text, names) {
  const dated = text.replace(/<!date\^(\d+)\^([^|^>]+)[^>]*>/g, (_, unix, format) => formatDate(Number(unix), format));
  const holder = el("span", {}, mrkdwn(dated, names));
  return holder.textContent.replace(/\s+/g, " ").trim();
}
