import { writeFile } from "node:fs/promises";
import { MessageChannel } from "node:worker_threads";
import { stringify } from "yaml";
import { loadDetectors } from "../detect/load-detectors.ts";
import { GatewatchError } from "../errors.ts";
import { shippedPath } from "../shipped-path.ts";
import { attackIds } from "../simulate/attack-list.ts";
import { createWriter } from "../simulate/create-writer.ts";
import { fileSink } from "../simulate/file-sink.ts";
import { httpSink } from "../simulate/http-sink.ts";
import { kafkaSink } from "../simulate/kafka-sink.ts";
import { paced } from "../simulate/pace.ts";
import { simulatedEndpoints } from "../simulate/shop-endpoints.ts";
import { simulate } from "../simulate/simulate.ts";
import type { SimulatedRecord, SimulationOptions } from "../simulate/simulation.ts";
import type { Sink } from "../simulate/sink.ts";
import { outputSink } from "../simulate/stream-sink.ts";
import { stressorIds } from "../simulate/stressor-list.ts";
import type { CliContext } from "./cli-context.ts";
import { checkWriter, chosen, simulateList } from "./simulate-names.ts";
import type { SimulateArguments } from "./simulate-options.ts";
import { SimulationProgress } from "./simulate-progress.ts";

/** Where event time begins unless said otherwise: a Monday morning in central Europe, so that a seed is enough. */
const usualStart = Date.UTC(2026, 7, 24, 7);

/** What ends it early. */
const ends: readonly NodeJS.Signals[] = ["SIGINT", "SIGTERM"];

/**
 * `gatewatch simulate`: writes the log of a shop that doesn't exist, with attacks whose authors are known.
 * Ends early, and whole, on SIGINT. Throws `COMMAND_FAILED` when a name is not known or lines can't be written.
 */
export async function runSimulate(given: SimulateArguments, context: CliContext): Promise<number> {
  if (given.list === true) {
    context.stdout(simulateList());
    return 0;
  }
  checkWriter(given.format);
  const options = await simulationOf(given, context);
  if (given.endpoints !== undefined) await writeEndpoints(given.endpoints, given.format);
  // Emptied now, so that old labels never lie beside a new log, and a wrong name is told before an hour's work.
  if (given.labels !== undefined) await save(given.labels, "");
  const stop = new AbortController();
  const abort = () => stop.abort();
  for (const signal of ends) context.signals.on(signal, abort);
  const simulation = simulate(options);
  const keptAlive = keepAlive();
  try {
    const sink = await sinkOf(given, context, stop.signal);
    const batches = atSpeed(simulation.batches(), { given, options, context, signal: stop.signal });
    await writeAll(batches, { sink, options, context, signal: stop.signal });
  } finally {
    keptAlive.end();
    for (const signal of ends) context.signals.off(signal, abort);
  }
  const labels = simulation.labels();
  if (given.labels !== undefined) await save(given.labels, `${JSON.stringify(labels, undefined, 2)}\n`);
  for (const { kind, reason } of labels.skipped) context.stderr(`${kind} did not take place: ${reason}\n`);
  return 0;
}

// helpers

async function simulationOf(given: SimulateArguments, { clock }: CliContext): Promise<SimulationOptions> {
  const { detectors } = await loadDetectors([shippedPath("detectors")]);
  const parameters = new Map(detectors.map(({ definition }) => [definition.id, definition.params.parse({})]));
  return {
    seed: given.seed,
    // Lines that are paced are for a service that looks at them now.
    start: given.start ?? (given.speed === undefined ? usualStart : clock.now()),
    durationMs: given.for,
    rate: given.rate,
    customers: given.customers,
    attacks: chosen(given.attacks, attackIds, "attack"),
    intensity: given.intensity,
    stressors: chosen(given.stressors, stressorIds, "stressor"),
    format: given.format,
    parametersOf: (detector) => parameters.get(detector),
  };
}

async function sinkOf(
  { out, kafka, http }: SimulateArguments,
  { fetch, clock, env, output }: CliContext,
  signal: AbortSignal,
): Promise<Sink> {
  if ([out, kafka, http].filter((one) => one !== undefined).length > 1) {
    throw new GatewatchError("COMMAND_FAILED", "Lines go to one place only.", {
      remedy: "Name one of --out, --kafka and --http.",
    });
  }
  if (kafka !== undefined) return kafkaSink(kafka, { clock, signal });
  if (http !== undefined) return httpSink(http, { fetch, clock, token: env.GATEWATCH_TOKEN, signal });
  return out === undefined || out === "-" ? outputSink(output()) : fileSink(out);
}

type Batches = Iterable<readonly SimulatedRecord[]> | AsyncIterable<readonly SimulatedRecord[]>;

async function writeAll(
  batches: Batches,
  of: { sink: Sink; options: SimulationOptions; context: CliContext; signal: AbortSignal },
): Promise<void> {
  const { sink, options, context, signal } = of;
  const progress = new SimulationProgress(options, context);
  try {
    for await (const records of batches) {
      await sink.write(records);
      progress.add(records);
      if (signal.aborted) break;
    }
  } finally {
    await sink.close();
    progress.end();
  }
}

function atSpeed(
  batches: Iterable<readonly SimulatedRecord[]>,
  of: { given: SimulateArguments; options: SimulationOptions; context: CliContext; signal: AbortSignal },
): Batches {
  const { given, options, context, signal } = of;
  if (given.speed === undefined) return batches;
  return paced(batches, { start: options.start, times: given.speed, clock: context.clock, signal });
}

async function writeEndpoints(file: string, format: string): Promise<void> {
  const endpoints = simulatedEndpoints({ shopEvents: createWriter(format)?.shopEvent !== undefined });
  await save(file, stringify({ endpoints }));
}

async function save(file: string, text: string): Promise<void> {
  await writeFile(file, text).catch((cause: NodeJS.ErrnoException) => {
    throw new GatewatchError("COMMAND_FAILED", `${file} can't be written (${cause.code}).`, {
      remedy: "Name a file in a folder that is there.",
      cause,
    });
  });
}

/** A clock's timers don't keep the process alive, and while lines wait for their time nothing else does. */
function keepAlive(): { end(): void } {
  const { port1, port2 } = new MessageChannel();
  port1.on("message", () => {});
  return {
    end() {
      port1.close();
      port2.close();
    },
  };
}
