import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import type { RunName, RunScore } from "../score/run-score.ts";
import type { ScoreWork } from "./score-judge.ts";

/** As many threads as there are processors, unless there are fewer runs. */
export function threadsFor(runs: number): number {
  return Math.min(availableParallelism(), runs);
}

/**
 * Makes each run in one of several threads; the result is in the order of the names, whichever is done
 * first. Rejects when one fails. `onDone` is told after each.
 */
export async function judgeInThreads(
  names: readonly RunName[],
  { work, threads, onDone }: { work: ScoreWork; threads: number; onDone: () => void },
): Promise<RunScore[]> {
  const runs: RunScore[] = [];
  let next = 0;
  const workers = Array.from({ length: threads }, () => new Worker(workerFile(), { workerData: work }));
  const drain = (worker: Worker) =>
    new Promise<void>((resolve, reject) => {
      let at = -1;
      const give = () => {
        at = next++;
        if (at >= names.length) return resolve();
        // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, no window
        worker.postMessage(names[at]);
      };
      worker.on("error", reject);
      worker.on("message", (run: RunScore) => {
        runs[at] = run;
        onDone();
        give();
      });
      give();
    });
  try {
    await Promise.all(workers.map(drain));
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
  return runs;
}

// helpers

/** Beside this file, in the language that this one is run in. */
function workerFile(): URL {
  return new URL(import.meta.url.endsWith(".ts") ? "./score-worker.ts" : "./score-worker.js", import.meta.url);
}
