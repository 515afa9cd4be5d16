import type { KafkaBroker } from "../kafka-broker.ts";
import type { RoleProcess } from "./runs.ts";

export interface ChaosOptions {
  readonly faults: number;
  /** How long all is left alone after everybody has recovered; every other fault comes during the recovery instead. */
  readonly calmMs: number;
  readonly seed: number;
  readonly kafka: KafkaBroker;
  /** At so many faults, evenly spread, the broker is restarted as well. */
  readonly brokerRestarts: number;
  readonly log: (text: string) => void;
  /** Told how many faults there were, whenever there is one more; and all of them once everybody has recovered. */
  readonly onFault?: (faults: number) => void;
}

/** Kills and pauses processes at random, and starts them again. */
export async function unleash(processes: readonly RoleProcess[], options: ChaosOptions): Promise<void> {
  const { faults, calmMs, kafka, brokerRestarts, log } = options;
  const random = mulberry32(options.seed);
  const restartAt = new Set(
    Array.from({ length: brokerRestarts }, (_, i) => Math.floor(((i + 1) * faults) / (brokerRestarts + 1))),
  );
  for (let fault = 0; fault < faults; fault++) {
    options.onFault?.(fault);
    const victim = processes[Math.floor(random() * processes.length)]!;
    if (random() < 0.5) {
      log(`fault ${fault + 1} of ${faults}: ${victim.name} is killed`);
      await victim.process.kill();
      await pause(random() * 2_000);
      victim.process = await victim.start();
    } else {
      const ms = random() < 0.5 ? 500 + random() * 3_000 : 8_000 + random() * 4_000;
      log(`fault ${fault + 1} of ${faults}: ${victim.name} is paused for ${Math.round(ms)} ms`);
      victim.process.hang();
      await pause(ms);
      victim.process.resume();
    }
    if (restartAt.has(fault)) {
      log("the broker is restarted");
      await kafka.restart();
    }
    if (fault % 2 === 0) {
      await recovered(processes, log);
      await pause(calmMs);
    } else await pause(random() * 5_000);
  }
  await recovered(processes, log);
  options.onFault?.(faults);
}

// helpers

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Everybody is ready again; tells what was waited for longest. */
async function recovered(processes: readonly RoleProcess[], log: (text: string) => void): Promise<void> {
  const begun = performance.now();
  let last = "";
  for (const { process, name } of processes) {
    for (;;) {
      const problem = await notReady(process.url);
      if (problem === undefined) break;
      last = `${name}: ${problem}`;
      if (performance.now() - begun > 300_000)
        throw new Error(`not recovered, ${last}: ${process.log().slice(-2_000)}`);
      await pause(100);
    }
  }
  log(
    `recovered in ${((performance.now() - begun) / 1000).toFixed(1)} s${last === "" ? "" : `, last ${last.slice(0, 200)}`}`,
  );
}

/** Why a process is not ready; `undefined` when it is. */
async function notReady(url: string): Promise<string | undefined> {
  try {
    const answer = await fetch(`${url}/readyz`);
    return answer.ok ? undefined : await answer.text();
  } catch (error) {
    return String(error);
  }
}

/** A small generator of numbers from 0 to 1: the same seed gives the same faults. */
function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
