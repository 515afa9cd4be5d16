/** What a line begins with whose rest is bytes in base64. Logs of text have no such line. */
const mark = "\u0000otlp:";

/** Bytes as a line, so that a spool of lines can keep them. */
export function lineOfBytes(bytes: Buffer): Buffer {
  return Buffer.from(`${mark}${bytes.toString("base64")}\n`);
}

/** What a line of the spool stands for. */
export function recordOfLine(line: string): string | Uint8Array {
  return line.startsWith(mark) ? Buffer.from(line.slice(mark.length), "base64") : line;
}

/** The longest line that `lineOfBytes` makes of so many bytes. */
export function longestLine(bytes: number): number {
  return mark.length + Math.ceil(bytes / 3) * 4 + 1;
}
