import { z } from "zod";
import { apiConfig } from "./api/api-config.ts";
import { blockConfig, crowdsecConfig, gatewaysConfig } from "./block/block-config.ts";
import { clusterConfig } from "./cluster/cluster-config.ts";
import { detectConfig, detectorsConfig } from "./detect/detect-config.ts";
import { runbooksConfig, teamsConfig } from "./incident/incident-config.ts";
import { endpointFilesConfig, endpointsConfig } from "./normalize/endpoint-config.ts";
import { formatsConfig } from "./normalize/formats-config.ts";
import { geoConfig, privacyConfig, redactConfig } from "./normalize/normalize-config.ts";
import { proxiesConfig } from "./normalize/proxies-config.ts";
import { channelsConfig, pagesConfig } from "./notify/notify-config.ts";
import type { JsonSchema } from "./json-schema.ts";
import { sourcesConfig } from "./source/source-config.ts";
import { storeConfig } from "./store/store-config.ts";
import { durationMs, formatDuration } from "./units.ts";

/** `service:`: what belongs to no stage. */
export const serviceConfig = z
  .strictObject({
    name: z
      .string()
      .min(1)
      .max(100)
      .default("gatewatch")
      .meta({ description: "What this service is called in pages and logs.", examples: ["gatewatch@eu-prod"] }),
    dataDirectory: z
      .string()
      .min(1)
      .default("./data")
      .meta({ description: "Where positions, the journal and the embedded store are kept.", examples: ["./data"] }),
    publicUrl: z
      .url({ protocol: /^https?$/, error: "expected an http:// or https:// address" })
      .transform((url) => url.replace(/\/+$/, ""))
      .default("http://127.0.0.1:8080")
      .meta({ description: "Where people reach this service; pages link to it.", examples: ["https://gatewatch.shop.example"] }), // prettier-ignore
    log: z
      .strictObject({
        level: z
          .enum(["debug", "info", "warn", "error"])
          .default("info")
          .meta({ description: "The least important lines that are still written.", examples: ["info"] }),
      })
      .prefault({})
      .meta({ description: "The service's own log: JSON lines on standard error.", examples: [{ level: "info" }] }),
    threads: z
      .int()
      .min(1)
      .max(2)
      .default(1)
      .meta({ description: "Threads on the way of a log line. With 2, one of them only makes events of lines, on a second processor: a quarter to a half more events a second from files, HTTP and standard input, for some 60 MiB of memory; from Kafka no more.", examples: [1] }), // prettier-ignore
    shutdownAfter: durationMs("10s")
      .prefault("10s")
      .meta({ description: "How long stopping may take: positions, buffers and pages under way.", examples: ["10s"] }),
  })
  .prefault({})
  .meta({ description: "The service itself.", examples: [{ dataDirectory: "./data" }] });

/** The whole configuration: each stage's own part under its key. */
export const configSchema = z.strictObject({
  service: serviceConfig,
  cluster: clusterConfig.optional(),
  sources: sourcesConfig,
  formats: formatsConfig,
  proxies: proxiesConfig,
  endpoints: endpointsConfig,
  endpointFiles: endpointFilesConfig,
  geo: geoConfig,
  privacy: privacyConfig,
  redact: redactConfig,
  store: storeConfig,
  detect: detectConfig,
  detectors: detectorsConfig,
  runbooks: runbooksConfig
    .prefault({})
    .meta({ description: "Folders with runbooks.", examples: [{ directories: ["./runbooks"] }] }),
  teams: teamsConfig,
  channels: channelsConfig,
  pages: pagesConfig,
  block: blockConfig,
  gateways: gatewaysConfig,
  crowdsec: crowdsecConfig,
  api: apiConfig,
});

/** The configuration after validation: defaults filled in, durations in milliseconds, sizes in bytes. */
export type Config = z.output<typeof configSchema>;

/** The part that names detectors and runbooks, and that these have to fit. */
export const rulesSchema = z.object(configSchema.pick({ detectors: true, runbooks: true, teams: true }).shape);
export type RulesConfig = z.output<typeof rulesSchema>;

/** The JSON Schema of the configuration file, for editors; published as `docs/configuration.schema.json`. */
export function configJsonSchema(): JsonSchema {
  const schema = z.toJSONSchema(configSchema, {
    io: "input",
    unrepresentable: "any",
    override({ zodSchema, jsonSchema }) {
      // zod leaves out examples and defaults of what is changed while reading (`10s` becomes 10000).
      const { def } = zodSchema._zod;
      const examples = z.globalRegistry.get(zodSchema)?.examples;
      if (Array.isArray(examples)) jsonSchema.examples ??= examples;
      if (def.type === "prefault") jsonSchema.default ??= def.defaultValue;
      if (def.type === "default") jsonSchema.default ??= asWritten(def.defaultValue, jsonSchema.examples?.[0]);
      // Integers are bounded by what a double holds exactly; in a schema for people that is noise.
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
      if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
    },
  });
  return { title: "gatewatch.yaml", ...(schema as JsonSchema) };
}

// helpers

/** Writes a default the way its example is written: a time span or a size with its unit. */
function asWritten(value: unknown, example: unknown): unknown {
  if (typeof value !== "number" || typeof example !== "string") return value;
  if (/^\d+(ms|s|m|h|d)$/.test(example)) return formatDuration(value);
  const unit = (["GiB", "MiB", "KiB", "B"] as const).find((name) => value % bytesPer[name] === 0) ?? "B";
  return `${value / bytesPer[unit]}${unit}`;
}

const bytesPer = { B: 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 };
