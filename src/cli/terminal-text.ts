/**
 * Text fit for a terminal: control characters (which could move the cursor, or more), invisible ones
 * and those that turn the direction of writing become `?`. One line stays one line.
 */
export function terminalText(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, (character) => (character === "\t" ? " " : "?"));
}
