import type { CliContext } from "./cli-context.ts";

const everyMs = 250;
const wipe = "\r\u001b[K";

/** Shows a person at a terminal how many lines have been read; the result ends it, and wipes it away. */
export function showProgress(
  lines: () => number,
  { clock, stderr, stderrIsTerminal }: Pick<CliContext, "clock" | "stderr" | "stderrIsTerminal">,
): () => void {
  if (!stderrIsTerminal) return () => {};
  const start = clock.monotonic();
  const cancel = clock.every(everyMs, () => {
    const seconds = (clock.monotonic() - start) / 1000;
    const rate = Math.round(lines() / seconds).toLocaleString("en");
    stderr(`${wipe}${lines().toLocaleString("en")} lines read, ${rate} a second`);
  });
  return () => {
    cancel();
    stderr(wipe);
  };
}
