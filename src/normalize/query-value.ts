/** Of a longer query only so much is looked at, and so many of its pairs. */
const maxQuery = 4_096;
const maxPairs = 64;

/**
 * The first value of each of these parameters in a request target's query, percent-decoded. Values
 * are for comparing: nothing of a query is stored. `undefined` when there is no query.
 */
export function queryValues(target: string, names: ReadonlySet<string>): ReadonlyMap<string, string> | undefined {
  const from = target.indexOf("?");
  if (from < 0) return undefined;
  const end = target.indexOf("#");
  if (end >= 0 && end < from) return undefined;
  const query = target.slice(from + 1, Math.min(end < 0 ? target.length : end, from + 1 + maxQuery));
  const found = new Map<string, string>();
  for (const pair of query.split("&", maxPairs)) {
    const equals = pair.indexOf("=");
    const name = decode(equals < 0 ? pair : pair.slice(0, equals));
    if (names.has(name) && !found.has(name)) found.set(name, equals < 0 ? "" : decode(pair.slice(equals + 1)));
  }
  return found;
}

/**
 * The method that `_method` in the query asks for. Rails, Laravel, Symfony and others heed it in a
 * `POST`, and in no other request.
 */
export function overrideIn(method: string, target: string): string | undefined {
  if (method !== "POST") return undefined;
  const wanted = queryValues(target, methodParameter)?.get("_method");
  return wanted !== undefined && /^[A-Za-z]{3,16}$/.test(wanted) ? wanted : undefined;
}

// helpers

const methodParameter: ReadonlySet<string> = new Set(["_method"]);

function decode(text: string): string {
  if (!text.includes("%") && !text.includes("+")) return text;
  const spaced = text.replaceAll("+", " ");
  try {
    return decodeURIComponent(spaced);
  } catch {
    return spaced; // not what percent-encoding allows; it is compared as it came
  }
}
