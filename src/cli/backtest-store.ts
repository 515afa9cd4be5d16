import { loadSection } from "../config.ts";
import { GatewatchError } from "../errors.ts";
import { silentLog } from "../log.ts";
import { KeptEvents } from "../store/kept-events.ts";
import type { EventInput } from "./backtest-input.ts";
import type { BacktestOptions } from "./backtest-options.ts";
import type { TimeRange } from "./backtest-range.ts";
import type { CliContext } from "./cli-context.ts";

/**
 * The single requests that the configuration's store keeps. Throws `LOGS_UNREADABLE` when it keeps none,
 * which is so unless `store.retention.accessEvents` says otherwise, or none of that time.
 */
export async function storeInput(
  { configFile: file = "gatewatch.yaml" }: Pick<BacktestOptions, "configFile">,
  { range, context }: { readonly range: TimeRange; readonly context: Pick<CliContext, "env" | "clock"> },
): Promise<EventInput> {
  const from = { file, env: context.env };
  const config = await loadSection(from, "store");
  const { dataDirectory } = await loadSection(from, "service");
  const kept = await KeptEvents.open({ config, dataDirectory, clock: context.clock, log: silentLog, time: range });
  if (kept.total === 0) {
    await kept.close();
    throw nothingKept(config.retention.accessEvents === "off");
  }
  return {
    kind: "events",
    isCut: true,
    label: config.type === "server" ? `the store at ${config.url}` : `the store in ${dataDirectory}`,
    amount: { total: kept.total, unit: " requests", done: () => kept.done },
    brokenOff: new Map(),
    async read(take) {
      try {
        await kept.read(take);
      } finally {
        await kept.close();
      }
    },
  };
}

// helpers

function nothingKept(isOff: boolean): GatewatchError {
  return isOff
    ? new GatewatchError(
        "LOGS_UNREADABLE",
        "The store keeps no single requests: `store.retention.accessEvents` is off.",
        {
          remedy:
            "Set it to a time span (3d) and let the service run for a while, or read the logs: files, or --kafka.",
        },
      )
    : new GatewatchError("LOGS_UNREADABLE", "The store has no requests of this time.", {
        remedy: "Name another time, with --from and --to; what is older than `store.retention.accessEvents` is gone.",
      });
}
