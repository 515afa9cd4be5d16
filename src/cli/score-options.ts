import { type Command, InvalidArgumentError, Option } from "commander";
import { disturbances, type Disturbance } from "../score/disturbance.ts";
import { logKinds, type LogKind } from "../score/log-kind.ts";
import { maxSeeds } from "../score/seeds.ts";

/** What `gatewatch score` is asked. */
export interface ScoreOptions {
  readonly seeds: number;
  /** Seeds that thresholds may be tuned with, in place of those that are only for measuring. */
  readonly tuning: boolean;
  /** Ids; empty: all. */
  readonly detectors: readonly string[];
  readonly kinds: readonly LogKind[];
  readonly disturbances: readonly Disturbance[];
  /** Fail when a mark is missed. */
  readonly check: boolean;
  readonly json: boolean;
  /** Runs that are made at once; as many as there are processors, unless given. */
  readonly threads?: number | undefined;
  /** Its detectors and their settings count, if it is given. */
  readonly configFile: string | undefined;
}

/** The same as the command line has it. */
export interface ScoreArguments {
  readonly seeds: number;
  readonly tuning?: boolean;
  readonly detector?: string[];
  readonly kind?: LogKind[];
  readonly disturb?: Disturbance[];
  readonly check?: boolean;
  readonly json?: boolean;
  readonly threads?: number;
}

export function addScoreOptions(command: Command): Command {
  return command
    .option("--seeds <number>", "so many simulated shops", numberUpTo(maxSeeds), 2)
    .option("--tuning", "shops that thresholds may be tuned with, in place of those that are only for measuring")
    .option("--detector <id...>", "only these")
    .addOption(new Option("--kind <kind...>", "only these kinds of log").choices(logKinds))
    .option("--disturb <list>", `what goes wrong, with commas between: ${disturbances.join(", ")}`, disturbanceList)
    .option("--check", "exit with 1 when a mark is missed")
    .option("--threads <number>", "runs made at once (default: as many as there are processors)", numberUpTo(64))
    .option("--json", "print JSON");
}

export function scoreOptions(given: ScoreArguments, configFile: string | undefined): ScoreOptions {
  return {
    seeds: given.seeds,
    tuning: given.tuning ?? false,
    detectors: given.detector ?? [],
    kinds: logKinds.filter((kind) => given.kind?.includes(kind) ?? true),
    disturbances: given.disturb ?? [],
    check: given.check ?? false,
    json: given.json ?? false,
    threads: given.threads,
    configFile,
  };
}

// helpers

function numberUpTo(most: number): (text: string) => number {
  return (text) => {
    const number = Number(text);
    if (Number.isSafeInteger(number) && number > 0 && number <= most) return number;
    throw new InvalidArgumentError(`Expected a whole number from 1 to ${most}.`);
  };
}

function disturbanceList(text: string): Disturbance[] {
  return text.split(",").map((word) => {
    const found = disturbances.find((one) => one === word.trim());
    if (found === undefined) throw new InvalidArgumentError(`Known: ${disturbances.join(", ")}.`);
    return found;
  });
}
