/** The parts of a line in the combined (or common) log format, as they stand there. */
export interface CombinedLine {
  /** What comes before the time: `ADDRESS IDENTITY USER`, with Apache's `HOST:PORT` ahead of it in `vhost_combined`. */
  readonly who: string;
  readonly time: string;
  /** The request line, escaped. */
  readonly request: string;
  readonly status: string;
  readonly bytes: string;
  /** Escaped; empty where the line ends after the bytes. */
  readonly agent: string;
  /** What follows the user agent, with its space. */
  readonly rest: string;
}

/** How long a time in brackets is, with them: `[22/Aug/2026:09:14:07 +0000]`. */
const timeLength = 28;

/**
 * Finds the parts of a line from their fixed marks, without a regular expression: it may be a
 * megabyte of anything. `undefined` when it is no such line. A quote ends the request only where no
 * user could have written it: servers escape the quotes of what clients send.
 */
export function splitCombined(line: string): CombinedLine | undefined {
  // AWS API Gateway's template in its console has no space there.
  const spaced = timeBefore(line, '] "');
  const timeStart = spaced < 0 ? timeBefore(line, ']"') : spaced;
  if (timeStart < 0) return undefined;
  const timeEnd = timeStart + timeLength;
  const requestStart = timeEnd + (spaced < 0 ? 1 : 2);
  const requestEnd = closingQuote(line, requestStart);
  if (requestEnd < 0 || line.charCodeAt(requestEnd + 1) !== 32) return undefined;
  const statusEnd = line.indexOf(" ", requestEnd + 2);
  if (statusEnd < 0) return undefined;
  const bytesEnd = line.indexOf(" ", statusEnd + 1);
  let agent = "";
  let rest = "";
  if (bytesEnd > 0 && line.charCodeAt(bytesEnd + 1) === 34) {
    const referrerEnd = closingQuote(line, bytesEnd + 2);
    if (referrerEnd > 0 && line.startsWith(' "', referrerEnd + 1)) {
      const agentEnd = closingQuote(line, referrerEnd + 3);
      agent = line.slice(referrerEnd + 3, agentEnd < 0 ? undefined : agentEnd);
      if (agentEnd > 0) rest = line.slice(agentEnd + 1);
    }
  }
  return {
    who: line.slice(0, timeStart - 1),
    time: line.slice(timeStart + 1, timeEnd - 1),
    request: line.slice(requestStart, requestEnd),
    status: line.slice(requestEnd + 2, statusEnd),
    bytes: line.slice(statusEnd + 1, bytesEnd < 0 ? undefined : bytesEnd),
    agent,
    rest,
  };
}

/** `ADDRESS - USER` of nginx; the user may hold spaces, or be without a name. `undefined` when it is something else. */
export function splitAddress(who: string): { readonly address: string; readonly user: string } | undefined {
  const space = who.indexOf(" ");
  if (space <= 0 || (!who.startsWith(" - ", space) && who.length !== space + 2)) return undefined;
  return who.charCodeAt(space + 1) === 45 ? { address: who.slice(0, space), user: who.slice(space + 3) } : undefined;
}

/** Method and target of a request line, unescaped; what is no request line (a TLS greeting) has no method. */
export function splitRequest(request: string): { readonly method: string; readonly target: string } {
  const space = request.indexOf(" ");
  if (space < 0) return { method: "", target: "" };
  const last = request.lastIndexOf(" ");
  // HTTP/0.9 has no version, and a target that was decoded may hold spaces.
  const end = last > space && request.startsWith("HTTP/", last + 1) ? last : undefined;
  return { method: request.slice(0, space), target: request.slice(space + 1, end) };
}

/** The text that a server escaped: Apache as `\"`, `\\`, `\n` and `\xe4`, nginx as `\x22`. */
export function unescapeLog(text: string): string {
  if (!text.includes("\\")) return text;
  return text.replaceAll(/((?:\\x[0-9a-fA-F]{2})+)|\\([^x])/g, (_, bytes: string | undefined, letter: string) =>
    bytes === undefined ? (controls[letter] ?? letter) : Buffer.from(bytes.replaceAll("\\x", ""), "hex").toString(),
  );
}

// helpers

/** Where the time in brackets begins whose end, and the quote after it, are the first of their kind; -1 when it does not. */
function timeBefore(line: string, mark: string): number {
  const start = line.indexOf(mark) + 1 - timeLength;
  return start > 1 && line.charCodeAt(start) === 91 && line.charCodeAt(start - 1) === 32 ? start : -1;
}

const controls: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r", b: "\b", v: "\v" };

/** The quote that ends a text: one that an odd number of backslashes precedes belongs to it. */
function closingQuote(line: string, from: number): number {
  for (let at = line.indexOf('"', from); at >= 0; at = line.indexOf('"', at + 1)) {
    let backslashes = at - 1;
    while (backslashes >= from && line.charCodeAt(backslashes) === 92) backslashes--;
    if ((at - 1 - backslashes) % 2 === 0) return at;
  }
  return -1;
}
