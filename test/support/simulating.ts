import { endpointsConfig } from "../../src/normalize/endpoint-config.ts";
import { formatsConfig } from "../../src/normalize/formats-config.ts";
import { createWriter } from "../../src/simulate/create-writer.ts";
import { simulatedEndpoints } from "../../src/simulate/shop-endpoints.ts";
import { simulate } from "../../src/simulate/simulate.ts";
import type { SimulatedRecord, SimulationOptions } from "../../src/simulate/simulation.ts";
import { aNormalizer } from "./normalizing.ts";

/** A Monday morning in Berlin. */
export const mondayMorning = Date.UTC(2026, 7, 24, 7);

/** A small quiet run of ten minutes; `given` takes the place of what matters. */
export function aSimulation(given: Partial<SimulationOptions> = {}) {
  return simulate({
    ...{ seed: 1, start: mondayMorning, durationMs: 600_000, rate: 50, customers: 5_000 },
    ...{ attacks: [], intensity: 3, stressors: [], format: "enriched" },
    ...given,
  });
}

/** A whole run. */
export function simulated(given: Partial<SimulationOptions> = {}) {
  const simulation = aSimulation(given);
  const records: SimulatedRecord[] = [];
  for (const batch of simulation.batches()) records.push(...batch);
  return { records, labels: simulation.labels() };
}

/** What the normalizer, with the shop's inventory, reads of the lines; `rejected` are those it can't. */
export function readBack(records: readonly SimulatedRecord[], format: string) {
  const writer = createWriter(format)!;
  const normalizer = aNormalizer({
    sources: new Map([["edge", { gateway: "edge", format: writer.format, trustClientIp: true }]]),
    formats: formatsConfig.parse(writer.described === undefined ? {} : { [writer.format]: writer.described }),
    endpoints: endpointsConfig.parse(simulatedEndpoints({ shopEvents: writer.shopEvent !== undefined })),
  });
  const { events, rejected } = normalizer.normalize({
    ...{ source: "edge", partition: "edge:simulated", refused: [], next: records.length },
    records: records.map(({ line }) => line),
    offsets: records.map((_, i) => i),
    receivedAt: (records.at(-1)?.time ?? 0) + 1000,
  });
  return { events, rejected };
}
