import type { Clock } from "./clock.ts";
import type { Log } from "./log.ts";

export interface Job {
  readonly everyMs: number;
  readonly run: () => Promise<void> | void;
}

/** Runs jobs again and again, each one never twice at the same time; the result ends it and waits. */
export function repeatJobs({ clock, log }: { clock: Clock; log: Log }, jobs: readonly Job[]): () => Promise<void> {
  const under = new Set<Promise<void>>();
  const cancels = jobs.map(({ everyMs, run }) => {
    let busy = false;
    return clock.every(everyMs, () => {
      if (busy) return;
      busy = true;
      const done = Promise.resolve()
        .then(run)
        .catch((err: unknown) => log.error({ err }, "a repeated job failed"))
        .finally(() => {
          busy = false;
          under.delete(done);
        });
      under.add(done);
    });
  });
  return async () => {
    for (const cancel of cancels) cancel();
    await Promise.all(under);
  };
}
