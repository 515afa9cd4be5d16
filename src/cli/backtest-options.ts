import { type Command, InvalidArgumentError, Option } from "commander";
import { type OffsetRange, readOffsets } from "./backtest-range.ts";

/** What may make `gatewatch backtest` end with 1; with two versions, of the second. */
export const expectations = ["detections", "blocks", "customers-blocked", "changes"] as const;
export type Expectation = (typeof expectations)[number];

/** One parameter of a detector, or its `mode`, that the second version has otherwise. */
export interface Setting {
  readonly detector: string;
  readonly parameter: string;
  readonly value: unknown;
}

/** What `gatewatch backtest` is asked. */
export interface BacktestOptions {
  /** Logs; `-` is standard input. */
  readonly files: readonly string[];
  readonly format: string;
  readonly timeZone: string | undefined;
  /** A source of the configuration; `true`: its only one of that kind. */
  readonly kafka: string | true | undefined;
  readonly topic: string | undefined;
  readonly offsets: readonly OffsetRange[];
  readonly store: boolean;
  /** Moments as they were written: a time, or a span ago. */
  readonly from: string | undefined;
  readonly to: string | undefined;
  /** The second version: another configuration, or the same with other settings. */
  readonly against: string | undefined;
  readonly settings: readonly Setting[];
  /** Ids of those that are told of; empty: all. */
  readonly detectors: readonly string[];
  readonly failOn: readonly Expectation[];
  readonly json: boolean;
  /** The first version; what is shipped, unless given. */
  readonly configFile: string | undefined;
}

/** The same as the command line has it. */
export interface BacktestArguments {
  readonly format: string;
  readonly timeZone?: string;
  readonly kafka?: string | true;
  readonly topic?: string;
  readonly offsets?: OffsetRange[];
  readonly store?: boolean;
  readonly from?: string;
  readonly to?: string;
  readonly against?: string;
  readonly set?: Setting[];
  readonly detector?: string[];
  readonly failOn?: Expectation[];
  readonly json?: boolean;
}

export function addBacktestOptions(command: Command): Command {
  return command
    .argument("[files...]", "logs, plain or gzip; - is standard input")
    .option("--kafka [source]", "read the topic of this source of the configuration, in place of files")
    .option("--topic <name>", "another topic of that source's brokers")
    .option("--offsets <ranges>", "of all partitions (1000-2000), or of each (0:1000-2000,1:500-)", readOffsets)
    .option("--store", "read the requests that the store keeps, in place of files")
    .option("--from <moment>", "a time (2026-08-22T09:00Z), or a span ago (2h)")
    .option("--to <moment>", "the end, not included; a time, or a span ago")
    .option("--against <file>", "the second version: another configuration")
    .option("--set <setting>", "the second version: the first with DETECTOR.PARAM=VALUE; may come again", addSetting)
    .option("--detector <ids>", "tell of these alone, with commas between; one that is off is tried, too", addNames)
    .option("--format <name>", "the logs' format", "auto")
    .option("--time-zone <zone>", "the zone of times that are logged without one (default: UTC)")
    .addOption(
      new Option("--fail-on <list>", `exit with 1 on any of these, with commas between: ${expectations.join(", ")}`)
        .argParser(readExpectations), // prettier-ignore
    )
    .option("--json", "print each detection as a line of JSON");
}

export function backtestOptions(
  files: readonly string[],
  given: BacktestArguments,
  configFile: string | undefined,
): BacktestOptions {
  const { format, timeZone, kafka, topic, offsets, store, from, to, against, set, detector, failOn, json } = given;
  return {
    ...{ files, format, timeZone, kafka, topic, from, to, against, configFile },
    offsets: offsets ?? [],
    store: store ?? false,
    settings: set ?? [],
    detectors: detector ?? [],
    failOn: failOn ?? [],
    json: json ?? false,
  };
}

// helpers

/** Not with spaces between: the logs would be taken for more of them. */
function addNames(text: string, before: readonly string[] = []): string[] {
  return [...before, ...text.split(",").map((name) => name.trim())];
}

function addSetting(text: string, before: readonly Setting[] = []): Setting[] {
  const [, detector, parameter, value] = /^([a-z][a-z0-9-]*)\.(\w+)=(.+)$/s.exec(text) ?? [];
  if (detector === undefined || parameter === undefined || value === undefined) {
    throw new InvalidArgumentError("Expected DETECTOR.PARAM=VALUE, such as credential-stuffing.failures=12.");
  }
  return [...before, { detector, parameter, value: parsed(value) }];
}

/** As YAML would have it for the values there are: a number, `true`, `false`; else text. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function readExpectations(text: string): Expectation[] {
  return text.split(",").map((word) => {
    const found = expectations.find((one) => one === word.trim());
    if (found === undefined) throw new InvalidArgumentError(`Known: ${expectations.join(", ")}.`);
    return found;
  });
}
