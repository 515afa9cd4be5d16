import { InvalidArgumentError, Option, type Command } from "commander";
import { intensities, type Intensity } from "../simulate/label.ts";
import { parseDuration } from "../units.ts";

/** What `gatewatch simulate` was asked for, read but for the names of attacks and stressors. */
export interface SimulateArguments {
  readonly seed: number;
  /** Milliseconds. */
  readonly for: number;
  readonly rate: number;
  readonly customers: number;
  readonly attacks: string;
  readonly intensity: Intensity | "mixed";
  readonly stressors: string;
  readonly format: string;
  /** Epoch ms; absent: a fixed day, or now where the lines are paced. */
  readonly start?: number;
  /** `undefined`: as fast as possible; else so many times as fast as time. */
  readonly speed?: number;
  readonly out?: string;
  readonly kafka?: { readonly brokers: readonly string[]; readonly topic: string };
  readonly http?: string;
  readonly labels?: string;
  readonly endpoints?: string;
  readonly list?: boolean;
}

/** Declares the options of `gatewatch simulate`. */
export function addSimulateOptions(command: Command): Command {
  return command
    .option("--seed <number>", "the same number gives the same lines", wholeNumber(0, 2 ** 32 - 1), 1)
    .addOption(new Option("--for <duration>", "how much event time").argParser(duration).default(7_200_000, "2h"))
    .option("--rate <number>", "requests a second of event time, on average", positive, 500)
    .option("--customers <number>", "accounts of the shop", wholeNumber(100, 20_000_000), 50_000)
    .option("--attacks <ids>", "all, none, or some, with commas", "none")
    .option(
      "--intensity <times>",
      "how many times its floor an attack is: 10, 3, 1.2, 0.8, or mixed",
      intensityOf,
      3 as const,
    )
    .option("--stressors <ids>", "harmless things that look like attacks: all, none, or some", "none")
    .option("--format <name>", "how lines are written: enriched, or a gateway's format", "enriched")
    .option("--start <time>", "when it begins, in event time (RFC 3339)", instant)
    .option("--speed <speed>", "max, realtime, or 10x", speed)
    .option("--out <file>", "write lines to a file; - is standard output (the default)")
    .option("--kafka <brokers/topic>", "write lines to a topic: kafka-1:9092,kafka-2:9092/access-logs", kafkaTarget)
    .option("--http <url>", "post lines to a source of type http", httpUrl)
    .option("--labels <file>", "write who attacked, when and how, as JSON")
    .option("--endpoints <file>", "write the shop's endpoints, as configuration")
    .option("--list", "list the attacks, stressors and formats, and do nothing else");
}

// helpers

function wholeNumber(least: number, most: number) {
  return (text: string): number => {
    const number = Number(text);
    if (/^\d+$/.test(text) && number >= least && number <= most) return number;
    throw new InvalidArgumentError(`Expected a whole number from ${least} to ${most}.`);
  };
}

function positive(text: string): number {
  const number = Number(text);
  if (/^\d+(\.\d+)?$/.test(text) && number > 0 && number <= 1_000_000) return number;
  throw new InvalidArgumentError("Expected a number above 0, at most 1,000,000.");
}

function duration(text: string): number {
  const ms = parseDuration(text);
  if (ms !== undefined && ms > 0) return ms;
  throw new InvalidArgumentError("Expected a time span: a whole number and ms, s, m, h or d, as 2h.");
}

function intensityOf(text: string): Intensity | "mixed" {
  const found = intensities.find((one) => String(one) === text);
  if (found !== undefined) return found;
  if (text === "mixed") return text;
  throw new InvalidArgumentError(`Expected ${intensities.join(", ")} or mixed.`);
}

function instant(text: string): number {
  const ms = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/.test(text) ? Date.parse(text) : Number.NaN;
  if (ms >= Date.UTC(2000, 0, 1) && ms < Date.UTC(2099, 0, 1)) return ms;
  throw new InvalidArgumentError("Expected a time with its zone, as 2026-08-24T07:00:00Z.");
}

function speed(text: string): number | undefined {
  if (text === "max") return undefined;
  if (text === "realtime") return 1;
  const times = /^(\d+(?:\.\d+)?)x$/.exec(text);
  if (times !== null && Number(times[1]) > 0) return Number(times[1]);
  throw new InvalidArgumentError("Expected max, realtime, or a factor as 10x.");
}

function kafkaTarget(text: string): { brokers: readonly string[]; topic: string } {
  const slash = text.indexOf("/");
  const brokers = text.slice(0, Math.max(0, slash)).split(",");
  const topic = text.slice(slash + 1);
  if (slash > 0 && brokers.every((one) => /^[^\s:]+:\d{1,5}$/.test(one)) && /^[A-Za-z0-9._-]{1,249}$/.test(topic)) {
    return { brokers, topic };
  }
  throw new InvalidArgumentError("Expected brokers and a topic, as kafka-1:9092,kafka-2:9092/access-logs.");
}

function httpUrl(text: string): string {
  if (/^https?:\/\/[^\s/]+/.test(text) && URL.canParse(text)) return text;
  throw new InvalidArgumentError("Expected an address, as http://127.0.0.1:8080/v1/logs?source=edge.");
}
