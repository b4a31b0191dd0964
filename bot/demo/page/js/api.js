/** Requests to the local workspace and to the demo's stage, both on the page's own origin. */

/** The server could not be reached, or answered something that is no JSON. */
export class Unreachable extends Error {}

async function request(path, options = {}) {
  let response;
  try {
    response = await fetch(path, options);
  } catch (error) {
    throw new Unreachable("The local server does not answer. Is it still running? Start it again: this page finds it.", { cause: error });
  }
  return { status: response.status, body: await bodyOf(response) };
}

async function bodyOf(response) {
  try {
    return await response.json();
  } catch {
    return {};
  }
}

async function read(path) {
  const { status, body } = await request(path);
  if (status >= 400) throw new Unreachable(body.detail ?? body.text ?? `The local server answered ${status} to ${path}.`);
  return body;
}

/** POST JSON; an answer of 400 or more becomes `{"result":"error","text"}`, so callers show one shape. */
async function send(path, payload) {
  const { status, body } = await request(path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(payload),
  });
  if (status < 400 || body.result) return body;
  return { result: "error", text: body.detail ?? body.text ?? body.error ?? `The local server answered ${status}.` };
}

const query = (values) => new URLSearchParams(Object.entries(values).filter(([, value]) => value)).toString();

export const workspaceApi = {
  state: (as) => read(`/ui/state?${query({ as })}`),
  messages: (as, channel) => read(`/ui/messages?${query({ as, channel })}`),
  click: (payload) => send("/ui/click", payload),
  submit: (payload) => send("/ui/submit", payload),
  close: (payload) => send("/ui/close", payload),
  command: (payload) => send("/ui/command", payload),
  say: (payload) => send("/ui/say", payload),
  remove: (payload) => send("/ui/delete", payload),
  home: (payload) => send("/ui/home", payload),
};

export const stageApi = {
  /** The demo's banner, line to copy and approver; null where no stage is mounted. */
  async info() {
    const { status, body } = await request("/demo/info");
    return status === 200 ? body : null;
  },
  attempt: (verb, key) => send(`/demo/${verb}`, { key }),
  expire: () => send("/demo/expire", {}),
  over: () => send("/demo/over", {}),
};
