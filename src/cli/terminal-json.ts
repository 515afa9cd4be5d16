/**
 * JSON that is fit for a terminal, too: of the characters that `terminalText` takes out, JSON itself
 * escapes only the first 32. Here all are escaped, so that nothing is lost.
 */
export function terminalJson(value: unknown): string {
  return `${safe(JSON.stringify(value, undefined, 2))}\n`;
}

/** The same on one line. */
export function terminalJsonLine(value: unknown): string {
  return `${safe(JSON.stringify(value))}\n`;
}

// helpers

function safe(json: string): string {
  return json.replaceAll(/[^\P{Cc}\n]|[\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, escaped);
}

/** By halves of a pair, as JSON wants it. */
function escaped(character: string): string {
  const halves = Array.from({ length: character.length }, (_, i) => character.charCodeAt(i));
  return halves.map((half) => `\\u${half.toString(16).padStart(4, "0")}`).join("");
}
