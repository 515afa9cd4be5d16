/**
 * The addresses of a `Forwarded` header (RFC 7239) from left to right, as they were written:
 * `for=192.0.2.60;proto=http, for="[2001:db8::17]:4711"`. An element without `for` gives `""`, which
 * is no address, so that nobody walks past it. At most 64 elements, counted from the right.
 */
export function forwardedAddresses(header: string): readonly string[] {
  return splitQuoted(header, ",")
    .slice(-64)
    .map((element) => {
      for (const pair of splitQuoted(element, ";")) {
        const equals = pair.indexOf("=");
        if (pair.slice(0, equals).trim().toLowerCase() === "for") return unquoted(pair.slice(equals + 1).trim());
      }
      return "";
    });
}

// helpers

/** Splits outside of double quotes: a quoted string may hold the separator. */
function splitQuoted(text: string, separator: "," | ";"): string[] {
  if (!text.includes('"')) return text.split(separator);
  const parts: string[] = [];
  let quoted = false;
  let start = 0;
  for (let i = 0; i < text.length; i++) {
    const char = text[i];
    if (quoted && char === "\\") i++;
    else if (char === '"') quoted = !quoted;
    else if (char === separator && !quoted) {
      parts.push(text.slice(start, i));
      start = i + 1;
    }
  }
  parts.push(text.slice(start));
  return parts;
}

function unquoted(text: string): string {
  return text.length >= 2 && text.startsWith('"') && text.endsWith('"') ? text.slice(1, -1).replaceAll(/\\(.)/g, "$1") : text; // prettier-ignore
}
