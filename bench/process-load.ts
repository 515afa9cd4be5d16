import type { GatewatchProcess } from "../test/support/gatewatch-process.ts";

/** A process of the service under test. */
export interface NamedProcess {
  readonly name: string;
  readonly process: Pick<GatewatchProcess, "url">;
}

/** What a process had to do over some time. */
export interface ProcessLoad {
  readonly name: string;
  /** Of one core, 0 to 1 and more. */
  readonly cpu: number;
  /** How far the partition that is furthest behind was at the end. */
  readonly lagSeconds: number;
}

/** Watches the processes from now on; answers what they did since. */
export async function watchLoad(processes: readonly NamedProcess[]): Promise<() => Promise<ProcessLoad[]>> {
  const look = () => Promise.all(processes.map(({ process }) => read(process.url)));
  const [before, begun] = [await look(), performance.now()];
  return async () => {
    const after = await look();
    const seconds = (performance.now() - begun) / 1000;
    return processes.map(({ name }, i) => ({
      name,
      cpu: (after[i]!.cpuSeconds - before[i]!.cpuSeconds) / seconds,
      lagSeconds: after[i]!.lagSeconds,
    }));
  };
}

/** `ingest 41 %; detect 96 %, 3.2 s behind`. */
export function loadText(loads: readonly ProcessLoad[]): string {
  return loads
    .map(({ name, cpu, lagSeconds }) => {
      const behind = lagSeconds >= 0.1 ? `, ${lagSeconds.toFixed(1)} s behind` : "";
      return `${name} ${Math.round(cpu * 100)} %${behind}`;
    })
    .join("; ");
}

// helpers

async function read(url: string): Promise<{ cpuSeconds: number; lagSeconds: number }> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const values = (name: string) =>
    text
      .split("\n")
      .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
      .map((line) => Number(line.slice(line.lastIndexOf(" "))));
  return {
    cpuSeconds: values("gatewatch_process_cpu_seconds_total")[0] ?? 0,
    lagSeconds: Math.max(0, ...values("gatewatch_pipeline_lag_seconds")),
  };
}
