import type { RunningService, StartAppOptions } from "./cli/cli-context.ts";
import type { InstanceRole } from "./cluster/instance-role.ts";
import { clusterOf } from "./cluster-parts.ts";
import { Lifecycle } from "./lifecycle.ts";

type Start = (options: StartAppOptions, lifecycle: Lifecycle) => Promise<RunningService>;

/** Each loaded when it is wanted: a gate needs no database. */
const starts: Readonly<Record<Exclude<InstanceRole, "all">, () => Promise<Start>>> = {
  gate: async () => (await import("./start-gate.ts")).startGate,
  ingest: async () => (await import("./start-ingest.ts")).startIngest,
  detect: async () => (await import("./start-detect.ts")).startDetect,
  respond: async () => (await import("./start-respond.ts")).startRespond,
};

/** Starts what `run --role` names; what fails to start stops what had been started. */
export async function startRole(options: StartAppOptions): Promise<RunningService> {
  const { role = "all", config, log } = options;
  if (role === "all") return (await import("./app.ts")).startApp(options);
  clusterOf(config);
  const lifecycle = new Lifecycle(log);
  try {
    return await (
      await starts[role]()
    )(options, lifecycle);
  } catch (error) {
    await lifecycle.stop();
    throw error;
  }
}
