/** Host and program, or what stands for them, are no longer than this. */
const longestHeader = 320;
/** How long a time in RFC 3339 is, with nanoseconds and an offset. */
const longestTime = 35;

/**
 * The message of a syslog record, as it comes over the network or as rsyslog writes it into a file:
 * `<134>Aug 22 09:14:07 gw-1 haproxy[2211]: MESSAGE`, with or without the priority, and with or
 * without the host, the time also in RFC 3339; or RFC 5424's
 * `<134>1 2026-08-22T09:14:07.466Z gw-1 haproxy 2211 - - MESSAGE`. `undefined` when it is no such record.
 */
export function syslogLine(text: string): string | undefined {
  let at = 0;
  if (text.charCodeAt(0) === 60) {
    at = text.slice(0, 5).indexOf(">") + 1;
    if (at < 3) return undefined;
    if (text.startsWith("1 ", at)) return messageOf5424(text, at + 2);
  }
  const start = afterTime(text, at);
  if (start === 0) return undefined;
  const end = text.slice(start, start + longestHeader).indexOf(": ");
  const header = text.slice(start, start + end);
  // A host and a program: the program alone where the record never left its machine.
  return end > 0 && header.indexOf(" ") === header.lastIndexOf(" ") ? text.slice(start + end + 2) : undefined;
}

// helpers

/** Where what follows `Aug 22 09:14:07 ` or a time in RFC 3339 begins; 0 when there is none. */
function afterTime(text: string, at: number): number {
  const at4 = text.charCodeAt(at + 4);
  if (at4 === 45 && text.charCodeAt(at + 10) === 84) {
    const space = text.slice(at, at + longestTime + 1).indexOf(" ");
    return space < 20 ? 0 : at + space + 1;
  }
  const isTime =
    text.charCodeAt(at + 3) === 32 &&
    text.charCodeAt(at + 6) === 32 &&
    text.charCodeAt(at + 9) === 58 &&
    text.charCodeAt(at + 12) === 58 &&
    text.charCodeAt(at + 15) === 32;
  return isTime ? at + 16 : 0;
}

/** Behind time, host, program, process and kind of message: structured data, and the message. */
function messageOf5424(text: string, start: number): string | undefined {
  let at = start;
  for (let part = 0; part < 5; part++) {
    at = text.indexOf(" ", at) + 1;
    if (at === 0 || at - start > longestHeader) return undefined;
  }
  if (text.startsWith("- ", at)) at++;
  while (text.charCodeAt(at) === 91) at = afterElement(text, at);
  if (text.charCodeAt(at) !== 32) return undefined;
  return text.slice(at + 1);
}

/** `[id name="value"]`, in whose values a bracket is escaped. */
function afterElement(text: string, start: number): number {
  let end = text.indexOf("]", start);
  while (end > 0 && text.charCodeAt(end - 1) === 92) end = text.indexOf("]", end + 1);
  return end < 0 ? text.length : end + 1;
}
