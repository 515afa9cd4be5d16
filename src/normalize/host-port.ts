/** The address of `203.0.113.77:51544`, `[2001:db8::1]:443` or `2001:db8::1:51877`: what stands before the last colon. */
export function withoutLastPort(text: string): string {
  const colon = text.lastIndexOf(":");
  if (colon < 0) return text;
  return text.startsWith("[") && text[colon - 1] === "]" ? text.slice(1, colon - 1) : text.slice(0, colon);
}
