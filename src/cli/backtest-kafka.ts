import { randomUUID } from "node:crypto";
import { loadSection } from "../config.ts";
import { GatewatchError } from "../errors.ts";
import { silentLog } from "../log.ts";
import { KafkaRange } from "../source/kafka-range.ts";
import type { KafkaSourceConfig, SourceConfig } from "../source/source-config.ts";
import type { RecordInput } from "./backtest-input.ts";
import type { BacktestOptions } from "./backtest-options.ts";
import type { TimeRange } from "./backtest-range.ts";
import type { CliContext } from "./cli-context.ts";

/**
 * A range of the topic that a source of the configuration reads, with that source's brokers, rights and
 * format. Throws `CONFIG_INVALID` when there is no such source, `SOURCE_FAILED` when the brokers can't
 * be asked, `LOGS_UNREADABLE` when nothing lies in the range.
 */
export async function kafkaInput(
  options: Pick<BacktestOptions, "kafka" | "topic" | "offsets" | "format" | "timeZone" | "configFile">,
  { range, context }: { readonly range: TimeRange; readonly context: Pick<CliContext, "env" | "clock"> },
): Promise<RecordInput> {
  const { configFile: file = "gatewatch.yaml", offsets, format, timeZone } = options;
  const source = chooseSource(await loadSection({ file, env: context.env }, "sources"), options.kafka);
  const config = { ...source, topic: options.topic ?? source.topic };
  const found = await KafkaRange.find({
    ...{ config, wanted: { time: range, offsets }, uuid: randomUUID() },
    ...{ clock: context.clock, log: silentLog },
  });
  if (found.total === 0) {
    throw new GatewatchError("LOGS_UNREADABLE", `Topic ${config.topic} has no record in this range.`, {
      remedy: "Name another time or other offsets; Kafka may have deleted what is older.",
    });
  }
  const { name } = config;
  const gateway = config.gateway ?? name;
  return {
    kind: "records",
    isCut: true,
    label: `topic ${config.topic} of source ${name}`,
    amount: { total: found.total, unit: " records", done: () => found.done },
    sources: new Map([
      [name, { ...config, gateway, format: format === "auto" ? config.format : format, timeZone: timeZone ?? config.timeZone }], // prettier-ignore
    ]),
    brokenOff: new Map(),
    async read(to) {
      // What fails behind the reader is told by it, and is no fault of Kafka's.
      await found.read(
        to,
        to.done.catch(() => {}),
      );
      await to.done;
    },
  };
}

// helpers

function chooseSource(sources: readonly SourceConfig[], wanted: string | true | undefined): KafkaSourceConfig {
  const all = sources.filter((source) => source.type === "kafka");
  const named = wanted === true ? (all.length === 1 ? all : []) : all.filter(({ name }) => name === wanted);
  const [found] = named;
  if (found !== undefined) return found;
  const known = all.map(({ name }) => name).join(", ");
  throw new GatewatchError(
    "CONFIG_INVALID",
    wanted === true ? `The configuration has ${all.length} Kafka sources.` : `There is no Kafka source ${wanted}.`,
    { remedy: all.length === 0 ? "Name a configuration that has one: --config FILE." : `Name one: --kafka ${known}.` },
  );
}
