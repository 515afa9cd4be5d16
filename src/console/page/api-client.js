// Speaks to the API. Where it wants a token, asks for one and keeps it for this tab.

import { askForToken } from "./token-dialog.js";
import { pause, watchdog } from "./time.js";

const tokenKey = "gatewatch-token";
/** Ticks come every two seconds; after so long without one the connection is taken for dead. */
const silentAfterMs = 10_000;
const longestPauseMs = 15_000;

let asking;

/** Asks the API; the answer's JSON, or an Error whose message is for people. */
export async function ask(method, path, body) {
  const response = await authorizedFetch(path, {
    method,
    headers: body === undefined ? {} : { "content-type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  if (!response.ok) throw new Error(await failureText(response));
  return response.json();
}

/** Follows the event stream for ever; comes back by itself. */
export async function follow(path, { onEvent, onLost }) {
  let pauseMs = 1000;
  for (;;) {
    let dead;
    try {
      const connection = new AbortController();
      const response = await authorizedFetch(path, { signal: connection.signal });
      if (!response.ok) throw new Error(await failureText(response));
      dead = watchdog(silentAfterMs, () => connection.abort());
      for await (const event of readEvents(response.body)) {
        dead.putOff();
        pauseMs = 1000;
        onEvent(event.name, event.data);
      }
    } catch {
      // Whatever it was: the page says that it has no news, and tries again.
    }
    dead?.callOff();
    onLost();
    await pause(pauseMs);
    pauseMs = Math.min(pauseMs * 2, longestPauseMs);
  }
}

async function authorizedFetch(path, options) {
  for (;;) {
    const token = sessionStorage.getItem(tokenKey);
    const headers = token === null ? options.headers : { ...options.headers, authorization: `Bearer ${token}` };
    const response = await fetch(path, { ...options, headers, cache: "no-store" });
    if (response.status !== 401) return response;
    if (sessionStorage.getItem(tokenKey) === token) {
      // One dialog, however many requests wait for it.
      asking ??= askForToken(token === null ? "" : "This token is not known here.").finally(() => (asking = undefined));
      sessionStorage.setItem(tokenKey, await asking);
    }
  }
}

async function failureText(response) {
  try {
    const { error } = await response.json();
    return error.remedy === undefined ? error.message : `${error.message} ${error.remedy}`;
  } catch {
    return `The service answered ${response.status}.`;
  }
}

/** Server-sent events, as far as this service writes them: one `event` and one `data` line each. */
async function* readEvents(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const blocks = (rest + value).split("\n\n");
    rest = blocks.pop();
    for (const block of blocks) {
      // Split at line feeds alone: a log line's text may hold what else JavaScript takes for the end of a line.
      const [event, data] = block.split("\n");
      yield { name: event.slice("event: ".length), data: JSON.parse(data.slice("data: ".length)) };
    }
  }
}
