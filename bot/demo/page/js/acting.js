/** One click on its way: the pressed element is busy until Slack's stand-in has the app's answer. */
import { workspaceApi } from "./api.js";

/**
 * Send a click and hand any error text to `onError`. `place` is `{channel, ts}` for a message or
 * `{view_id}` for a modal and App Home. A second press while the first is under way is ignored.
 */
export async function press(node, as, place, payload, onError) {
  if (node.getAttribute("aria-busy") === "true") return;
  node.setAttribute("aria-busy", "true");
  try {
    const answer = await workspaceApi.click({ as, ...place, ...payload });
    if (answer.result === "error") onError(answer.text);
  } catch (error) {
    onError(error.message);
  } finally {
    node.removeAttribute("aria-busy");
  }
}
