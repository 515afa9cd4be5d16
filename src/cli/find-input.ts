import { GatewatchError } from "../errors.ts";
import { fileInput } from "./backtest-files.ts";
import type { BacktestInput } from "./backtest-input.ts";
import { kafkaInput } from "./backtest-kafka.ts";
import type { BacktestOptions } from "./backtest-options.ts";
import type { TimeRange } from "./backtest-range.ts";
import { storeInput } from "./backtest-store.ts";
import type { CliContext } from "./cli-context.ts";

/** What is to be read: files, a range of Kafka, or what the store keeps. Throws `CONFIG_INVALID` unless it is one of them. */
export function findInput(
  options: BacktestOptions,
  { range, context }: { readonly range: TimeRange; readonly context: CliContext },
): Promise<BacktestInput> {
  const given = [options.files.length > 0, options.kafka !== undefined, options.store].filter(Boolean).length;
  if (given !== 1) {
    throw new GatewatchError(
      "CONFIG_INVALID",
      given === 0 ? "Nothing is named to be read." : "One thing is read at a time.",
      {
        remedy: "Name files (- is standard input), or --kafka, or --store.",
      },
    );
  }
  if (options.kafka !== undefined) return kafkaInput(options, { range, context });
  if (options.store) return storeInput(options, { range, context });
  return fileInput(options, context);
}
