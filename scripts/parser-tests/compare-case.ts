import { createMetrics } from "../../src/metrics.ts";
import type { AccessEvent, RejectedRecord } from "../../src/normalize/access-event.ts";
import { endpointsConfig } from "../../src/normalize/endpoint-config.ts";
import { formatsConfig } from "../../src/normalize/formats-config.ts";
import { privacyConfig, redactConfig } from "../../src/normalize/normalize-config.ts";
import { createNormalizer } from "../../src/normalize/normalizer.ts";
import { proxiesConfig } from "../../src/normalize/proxies-config.ts";
import { redactPath } from "../../src/normalize/redact-path.ts";
import type { ParserCase } from "./parser-case.ts";

/** What became of one case. */
export interface Comparison {
  readonly parserCase: ParserCase;
  /** The format that was found; `none` when none was. */
  readonly format: string;
  /** Why it was rejected, if it was. */
  readonly rejected: string | undefined;
  /** `status: 404, expected 200`; empty when all is the same. */
  readonly differences: readonly string[];
}

/**
 * Reads the line as the first record of a new source, so with the format `auto`: their tests mix
 * formats in one file, as no gateway does. No proxy is trusted but those of `proxies`.
 */
export function compareCase(parserCase: ParserCase, proxies: readonly string[]): Comparison {
  const normalizer = createNormalizer({
    sources: new Map([["test", { gateway: "test", format: "auto", timeZone: "UTC" }]]),
    formats: formatsConfig.parse({}),
    endpoints: endpointsConfig.parse([]),
    proxies: proxiesConfig.parse({ trusted: proxies }),
    redact: redactConfig.parse({}),
    privacy: privacyConfig.parse({}),
    geo: undefined,
    metrics: createMetrics(),
  });
  const { events, rejected } = normalizer.normalize({
    source: "test",
    partition: "test",
    records: [parserCase.line],
    offsets: [0],
    refused: [],
    next: 1,
    // Their lines are from many years.
    receivedAt: Date.UTC(2090, 0, 1),
  });
  const [event] = events;
  const [refusal] = rejected;
  return {
    parserCase,
    format: event === undefined ? "none" : (normalizer.formatOf("test") ?? "none"),
    rejected: refusal?.reason,
    differences: differencesOf(parserCase, event, refusal),
  };
}

// helpers

function differencesOf({ expected }: ParserCase, event: AccessEvent | undefined, refusal: RejectedRecord | undefined) {
  if (expected === undefined) return event === undefined ? [] : ["read, expected no access record"];
  if (event === undefined) return [`rejected (${refusal?.reason}: ${refusal?.detail})`];
  const { client, method, path, status, time } = expected;
  const found: [string, unknown, unknown][] = [
    ["client", event.clientIp, client],
    ["method", event.method, method],
    // Ours has no query, and is without secrets.
    ["path", event.path, path === undefined ? undefined : redactPath(path)],
    ["status", event.status, status],
    [
      "time",
      time === undefined || isTime(event, time) ? undefined : new Date(event.time).toISOString(),
      time === undefined || isTime(event, time) ? undefined : new Date(time).toISOString(),
    ],
  ];
  return found
    .filter(([, ours, theirs]) => theirs !== undefined && ours !== theirs)
    .map(([field, ours, theirs]) => `${field}: ${String(ours)}, expected ${String(theirs)}`);
}

/** Theirs is what the line says, be it the start or the end, and often cut to seconds. */
function isTime(event: AccessEvent, theirs: number): boolean {
  const unit = theirs % 1000 === 0 ? 1000 : 1;
  return [event.time, event.startedAt].some(
    (ours) => ours !== undefined && Math.floor(ours / unit) === Math.floor(theirs / unit),
  );
}
