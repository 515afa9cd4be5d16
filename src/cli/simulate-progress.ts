import type { CliContext } from "./cli-context.ts";

const everyMs = 250;
const wipe = "\r\u001b[K";
const width = 24;

/** How far a simulation has got. */
export interface SimulationProgress {
  /** From 0 to 1, of the event time. */
  share(): number;
  lines(): number;
}

/** Shows a person at a terminal how far it is; the result ends it, and wipes it away. */
export function showSimulation(
  progress: SimulationProgress,
  { clock, stderr, stderrIsTerminal }: Pick<CliContext, "clock" | "stderr" | "stderrIsTerminal">,
): () => void {
  if (!stderrIsTerminal) return () => {};
  const start = clock.monotonic();
  const cancel = clock.every(everyMs, () => {
    const seconds = (clock.monotonic() - start) / 1000;
    stderr(`${wipe}${progressLine({ share: progress.share(), lines: progress.lines(), seconds })}`);
  });
  return () => {
    cancel();
    stderr(wipe);
  };
}

/** `[████········]  35 %  1,234,567 lines, 312,000 a second` */
export function progressLine({ share, lines, seconds }: { share: number; lines: number; seconds: number }): string {
  const done = Math.min(width, Math.floor(share * width));
  const bar = "█".repeat(done) + "·".repeat(width - done);
  const rate = seconds > 0 ? Math.round(lines / seconds) : 0;
  const percent = `${Math.floor(share * 100)}`.padStart(3);
  return `[${bar}] ${percent} %  ${lines.toLocaleString("en")} lines, ${rate.toLocaleString("en")} a second`;
}
