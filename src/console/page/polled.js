// Reads that are repeated while a page is open: not more often than every few seconds, and never two at once.

import { showFailure } from "./actions.js";
import { ask } from "./api-client.js";
import { elapsed } from "./time.js";

const everyMs = 5_000;

/** `show` gets the answers of all paths; `failed` is called when there never was one. The result reads when it is time. */
export function polled({ paths, show, failed }) {
  let readAt = -everyMs;
  let reading = false;
  let shown = false;
  return async () => {
    if (reading || elapsed() - readAt < everyMs) return;
    reading = true;
    readAt = elapsed();
    try {
      show(await Promise.all(paths.map((path) => ask("GET", path))));
      shown = true;
    } catch (error) {
      showFailure(error.message);
      if (!shown) failed();
    } finally {
      reading = false;
    }
  };
}
