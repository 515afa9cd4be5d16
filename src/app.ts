import { join } from "node:path";
import { listenApi } from "./api/listen-api.ts";
import { baselineFiles } from "./baseline-tables.ts";
import type { RunningService, StartAppOptions } from "./cli/cli-context.ts";
import { GatewatchError } from "./errors.ts";
import { Lifecycle } from "./lifecycle.ts";
import type { Flow } from "./pipeline.ts";
import { prepare } from "./prepare.ts";
import type { Source } from "./source/raw-batch.ts";
import { startAll } from "./start-all.ts";
import { startWarm } from "./start-warm.ts";
import { stateInFile } from "./load-states.ts";
import { StateFile } from "./state-file.ts";

/**
 * Starts the service: only here and in `start-*.ts` things are constructed that do I/O. They are
 * started from the store outwards, sources last, and stopped in reverse; what fails to start stops
 * what had been started.
 */
export async function startApp(options: StartAppOptions): Promise<RunningService> {
  const lifecycle = new Lifecycle(options.log);
  try {
    if (options.config.cluster !== undefined) return await startWarm(options, lifecycle);
    return await startAlone(options, lifecycle);
  } catch (error) {
    await lifecycle.stop();
    throw error;
  }
}

// helpers

/** One instance, which keeps its state in its data directory. */
async function startAlone(options: StartAppOptions, lifecycle: Lifecycle): Promise<RunningService> {
  const { config } = options;
  const prepared = await prepare({ options, lifecycle });
  const { service } = await startAll(prepared, {
    state: stateInFile(new StateFile(join(config.service.dataDirectory, "detect.state"))),
    baselines: baselineFiles({ directory: config.service.dataDirectory, log: options.log }),
    mayAct: () => Promise.resolve(true),
    lost: new AbortController().signal,
    services: (services) => services,
    listen: (api) => listenApi(api, config.api),
    read: (pipeline) => readFrom(prepared.sources, pipeline),
  });
  return service;
}

async function readFrom(sources: readonly Source[], pipeline: Flow): Promise<void> {
  for (const source of sources) {
    await source.start(pipeline).catch((cause: unknown) => {
      if (cause instanceof GatewatchError) throw cause;
      throw new GatewatchError("SOURCE_FAILED", `Source ${source.name} can't be read: ${String(cause)}`, { cause });
    });
  }
}
