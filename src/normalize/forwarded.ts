/**
 * Reads a `Forwarded` header (RFC 7239) from right to left:
 * `for=192.0.2.60;proto=http, for="[2001:db8::17]:4711"`. Each hop appends an element, so the right
 * end is what our own hops wrote, and is well-formed; a quote that a client left open further left
 * must not change how it is read.
 */
export class ForwardedWalk {
  readonly #header: string;
  #end: number;

  constructor(header: string) {
    this.#header = header;
    this.#end = header.length;
  }

  /**
   * The `for` of the next element to the left, as it was written. An element without one, with two,
   * or longer than any address needs gives `""`, which is no address, so that nobody walks past it.
   * `undefined`: there are no more.
   */
  next(): string | undefined {
    if (this.#end < 0) return undefined;
    const header = this.#header;
    const comma = separatorBefore(header, this.#end, ",");
    const element = comma === tooLong ? "" : header.slice(comma + 1, this.#end);
    this.#end = comma === tooLong ? -1 : comma;
    return forOf(element);
  }
}

// helpers

/** An element has four parameters at most, each a host or an address. */
const longestElement = 1024;
const tooLong = -2;

/** Where the last separator outside of quotes before `end` is; -1 when there is none. */
function separatorBefore(text: string, end: number, separator: "," | ";"): number {
  let quoted = false;
  for (let i = end - 1; i >= 0; i--) {
    if (end - i > longestElement) return tooLong;
    const char = text[i];
    if (char === '"' && !(quoted && isEscaped(text, i))) quoted = !quoted;
    else if (char === separator && !quoted) return i;
  }
  return -1;
}

/** Whether an odd number of backslashes stands before; no more of them than an element can hold. */
function isEscaped(text: string, at: number): boolean {
  let before = at - 1;
  while (before >= 0 && at - before < longestElement && text[before] === "\\") before--;
  return (at - 1 - before) % 2 === 1;
}

function forOf(element: string): string {
  let found: string | undefined;
  for (let end = element.length; end >= 0;) {
    const start = separatorBefore(element, end, ";");
    const pair = element.slice(start + 1, end);
    const equals = pair.indexOf("=");
    if (equals >= 0 && pair.slice(0, equals).trim().toLowerCase() === "for") {
      if (found !== undefined) return "";
      found = unquoted(pair.slice(equals + 1).trim());
    }
    end = start;
  }
  return found ?? "";
}

function unquoted(text: string): string {
  const quoted = text.length >= 2 && text.startsWith('"') && text.endsWith('"');
  return quoted ? text.slice(1, -1).replaceAll(/\\(.)/g, "$1") : text;
}
