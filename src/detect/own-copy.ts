/** V8 copies a part of a text that is shorter than this (`SlicedString::kMinLength`); longer ones refer to the whole. */
const shortestPart = 13;

/**
 * The same text with memory of its own. A part of a log line keeps the whole line in memory, and with it
 * perhaps a megabyte of others; what is kept for longer than a batch is copied first. A text that is made
 * by joining two is laid out anew when a part of it is taken, which takes a third of the time that a way
 * through a buffer does.
 */
export function ownCopy(text: string): string {
  return text.length < shortestPart ? text : ` ${text}`.slice(1);
}
