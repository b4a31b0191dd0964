/** The few emoji names the cards may use; any other stays `:name:`, as Slack shows an unknown one. */

const EMOJI = {
  warning: "⚠️", white_check_mark: "✅", heavy_check_mark: "✔️", x: "❌", no_entry: "⛔", no_entry_sign: "🚫",
  rotating_light: "🚨", hourglass: "⌛", hourglass_flowing_sand: "⏳", lock: "🔒", unlock: "🔓", bell: "🔔",
  no_bell: "🔕", eyes: "👀", red_circle: "🔴", large_orange_circle: "🟠", large_yellow_circle: "🟡",
  large_green_circle: "🟢", large_blue_circle: "🔵", white_circle: "⚪", black_circle: "⚫",
  octagonal_sign: "🛑", stop_sign: "🛑", information_source: "ℹ️", question: "❓", exclamation: "❗",
  thumbsup: "👍", "+1": "👍", thumbsdown: "👎", "-1": "👎", wave: "👋", fire: "🔥", memo: "📝",
  clock1: "🕐", stopwatch: "⏱️", alarm_clock: "⏰", page_facing_up: "📄", mag: "🔍", moneybag: "💰",
  gear: "⚙️", hammer_and_wrench: "🛠️", arrow_right: "➡️", arrow_forward: "▶️", leftwards_arrow_with_hook: "↩️",
  ok_hand: "👌", pray: "🙏", raised_hand: "✋", tada: "🎉", rocket: "🚀", bulb: "💡", link: "🔗", house: "🏠",
};

/** The character for a name, or the name between colons. */
export function emoji(name) {
  return EMOJI[name] ?? `:${name}:`;
}

/** Replace `:name:` in a plain text whose block allows emoji; clock times such as 10:20:30 stay. */
export function withEmoji(text) {
  return text.replace(/:([a-z0-9_+-]+):/g, (whole, name) => EMOJI[name] ?? whole);
}
