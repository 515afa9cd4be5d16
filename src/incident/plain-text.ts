/**
 * Text from a log line, fit for a timeline: control, invisible and direction-changing characters
 * become spaces, and what is longer than `limit` characters ends in `…`. Escaping for HTML, Slack
 * or a terminal is the business of whoever shows it.
 */
export function plainText(text: string, limit: number): string {
  // Cut before and after: a megabyte need not be cleaned to keep 500 characters.
  const clean = text
    .slice(0, limit * 4)
    .replaceAll(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\s]+/gu, " ")
    .trim();
  const characters = Array.from(clean);
  return characters.length > limit ? `${characters.slice(0, limit - 1).join("")}…` : clean;
}
