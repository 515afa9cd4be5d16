/**
 * What `JSON.parse` gives; `undefined` when the text is no JSON. What gateways write that is almost
 * JSON is mended first: a variable without quotes and without a value (`"x":,` and `"x":-`), or with
 * a list of values after retries (`"x":0.001, 0.051`, which becomes a text), and nginx's and Apache's
 * `\x22` inside texts. Linear in the text's length.
 */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    const mended = mend(text);
    return mended === undefined ? undefined : parseStrictly(mended);
  }
}

// helpers

const quote = 34;
const colon = 58;
const backslash = 92;
const brace = 125;
/** What numbers, and lists of numbers, are written with. */
const numeric = new Set("0123456789+-.eE,: \t");
/** No list of retries is longer. */
const maxListLength = 1000;
/** At least two numbers, or what stands for one that is missing. */
const listOfRetries = /^(?:-|\d+(?:\.\d+)?)(?: ?[,:] ?(?:-|\d+(?:\.\d+)?))+$/;

function parseStrictly(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The text with its values mended; `undefined` when there was nothing to mend. */
function mend(text: string): string | undefined {
  const parts: string[] = [];
  let kept = 0;
  for (let i = 0; i < text.length;) {
    const c = text.charCodeAt(i);
    if (c === quote) {
      const end = endOfText(text, i);
      const inside = text.slice(i, end);
      if (inside.includes("\\x")) {
        parts.push(text.slice(kept, i), mendEscapes(inside));
        kept = end;
      }
      i = end;
    } else if (c === colon) {
      const end = endOfNumbers(text, i + 1);
      const value = mendNumbers(text.slice(i + 1, end), text.charCodeAt(end));
      if (value !== undefined) {
        parts.push(text.slice(kept, i + 1), value);
        kept = end;
      }
      i = end;
    } else i++;
  }
  return parts.length === 0 ? undefined : `${parts.join("")}${text.slice(kept)}`;
}

/** After the closing quote of the text that begins here, or the end. */
function endOfText(text: string, start: number): number {
  for (let i = start + 1; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c === backslash) i++;
    else if (c === quote) return i + 1;
  }
  return text.length;
}

function endOfNumbers(text: string, start: number): number {
  let end = start;
  while (end < text.length && numeric.has(text[end] as string)) end++;
  return end;
}

/** What stands between a colon and `next`, when that is no number: what it should be instead. */
function mendNumbers(run: string, next: number): string | undefined {
  const value = run.trim();
  const comma = value.endsWith(",");
  const list = (comma ? value.slice(0, -1) : value).trim();
  const ending = comma ? "," : "";
  if (list === "") return comma || next === brace ? `null${ending}` : undefined;
  if (list === "-") return `null${ending}`;
  return list.length <= maxListLength && listOfRetries.test(list) ? `"${list}"${ending}` : undefined;
}

/** Bytes written as `\x22`: those that belong together are one character in UTF-8. */
function mendEscapes(text: string): string {
  return text.replaceAll(/\\(?:x[0-9a-fA-F]{2}(?:\\x[0-9a-fA-F]{2})*|[^])/g, (escape) => {
    if (escape.length < 4) return escape;
    const characters = Buffer.from(escape.replaceAll("\\x", ""), "hex").toString("utf8");
    return JSON.stringify(characters).slice(1, -1);
  });
}
