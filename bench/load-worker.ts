// Writes lines to standard output at a steady rate until it is told to end; `load.ts` starts it.
import { createLoadLines } from "./load-lines.ts";

const [rate, clients, flood, seed] = process.argv.slice(2).map(Number) as [number, number, number, number];
const everyMs = 5;
/** What could not be written for so long is left out, rather than sent at once. */
const mostBehindMs = 500;
const lines = createLoadLines({ clients, flood, seed });
let due = performance.now();
let text = "";

const timer = setInterval(() => {
  const now = performance.now();
  const stuck = process.stdout.writableLength > rate * 200; // half a second of lines
  if (stuck || now - due > mostBehindMs) due = now - everyMs;
  if (stuck) return;
  text = "";
  for (; due <= now; due += 1000 / rate) text += lines.next(Date.now());
  process.stdout.write(text);
}, everyMs);
process.on("SIGTERM", () => {
  clearInterval(timer);
  process.stdout.end();
});
