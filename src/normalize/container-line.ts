/** How long a time in RFC 3339 is, with nanoseconds and an offset. */
const longestTime = 35;

/**
 * The line that a container wrote, out of how Kubernetes keeps it (the CRI's log format:
 * `2026-08-22T09:14:08.003118Z stdout F LINE`); `undefined` when it is no such line. Who reads those
 * files without a parser for them sends them on so.
 */
export function containerLine(text: string): string | undefined {
  if (text.charCodeAt(4) !== 45 || text.charCodeAt(10) !== 84) return undefined;
  const space = text.indexOf(" ", 20);
  if (space < 0 || space > longestTime) return undefined;
  if (!text.startsWith("stdout ", space + 1) && !text.startsWith("stderr ", space + 1)) return undefined;
  // F: a full line; P: a part of one, which can't be read, but is shown as what it is.
  const isTagged = text.startsWith("F ", space + 8) || text.startsWith("P ", space + 8);
  return isTagged ? text.slice(space + 10) : undefined;
}
