import type { AccessEvent } from "../normalize/access-event.ts";
import { hashed, hashKey } from "./hash.ts";
import { contentHash } from "./sample.ts";
import { everyday } from "./where.ts";

/** 8 MB: seconds of what is looked at, in the largest shops; a repeat comes that soon, or after a restart. */
const defaultRows = 2 ** 20;

/**
 * Tells lines that come twice: shippers and queues that deliver at least once make a twentieth of them,
 * and a failure that is counted twice is no second try. Only where the log has request ids, since two
 * requests may look alike in all else; and only of what attacks are made of, attempts and what didn't
 * succeed, so that pages, which are most of all, cost nothing. Of two that fall on one row the older is forgotten, never taken
 * for the other: 64 bits are compared.
 */
export class RepeatFilter {
  readonly #rows: number;
  /** Made with the first request id: many logs have none. */
  #seen: { readonly contents: Uint32Array; readonly requests: Uint32Array } | undefined;

  /** `rows`: a power of two. */
  constructor(rows: number = defaultRows) {
    this.#rows = rows;
  }

  /** Whether the same line came a short while ago; remembers it. */
  isRepeat(event: AccessEvent): boolean {
    if (event.requestId === undefined || isPage(event)) return false;
    const content = contentHash(event);
    hashKey(event.requestId);
    // What the shop's application says of a request has its id, too, and may say the same as the gateway.
    const request = event.origin === "shop" ? ~hashed.lo >>> 0 : hashed.lo;
    const row = (content ^ request) & (this.#rows - 1);
    const { contents, requests } = (this.#seen ??= {
      contents: new Uint32Array(this.#rows),
      requests: new Uint32Array(this.#rows),
    });
    if (contents[row] === content && requests[row] === request) return true;
    contents[row] = content;
    requests[row] = request;
    return false;
  }
}

/** It was seen, and counting it twice would change little. */
function isPage({ outcome, attempt, endpointClass }: AccessEvent): boolean {
  return outcome === "ok" && (!attempt || everyday.includes(endpointClass));
}
