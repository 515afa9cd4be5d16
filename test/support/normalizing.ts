import { createMetrics } from "../../src/metrics.ts";
import type { NormalizedBatch } from "../../src/normalize/access-event.ts";
import { endpointsConfig } from "../../src/normalize/endpoint-config.ts";
import { formatsConfig } from "../../src/normalize/formats-config.ts";
import { privacyConfig, redactConfig } from "../../src/normalize/normalize-config.ts";
import { proxiesConfig } from "../../src/normalize/proxies-config.ts";
import { createNormalizer, type Normalizer, type NormalizerOptions } from "../../src/normalize/normalizer.ts";

/** A little later than the golden records, so that none lies in the future. */
export const arrivedAt = Date.parse("2026-08-22T09:15:00.000Z");

/** A normalizer with one source, `edge`; the rest as a configuration without these keys would give. */
export function aNormalizer(options: Partial<NormalizerOptions> & { format?: string } = {}): Normalizer {
  const { format = "auto", ...rest } = options;
  return createNormalizer({
    sources: new Map([["edge", { gateway: "edge", format }]]),
    formats: formatsConfig.parse({}),
    endpoints: endpointsConfig.parse([]),
    proxies: proxiesConfig.parse({}),
    redact: redactConfig.parse({}),
    privacy: privacyConfig.parse({}),
    geo: undefined,
    metrics: createMetrics(),
    ...rest,
  });
}

/** Reads records through source `edge`; offsets count from 0. */
export function normalizeAll(
  normalizer: Normalizer,
  records: readonly (string | Uint8Array)[],
  timestamps?: readonly number[],
): NormalizedBatch {
  return normalizer.normalize({
    source: "edge",
    partition: "edge:access/0",
    records,
    offsets: records.map((_, i) => i),
    timestamps,
    refused: [],
    next: records.length,
    receivedAt: arrivedAt,
  });
}
