import { z } from "zod";
import { type EndpointClass, endpointClasses } from "../normalize/access-event.ts";
import { isTimeZone } from "../source/source-config.ts";
import { durationMs } from "../units.ts";

/** `detect.baselines`: how what is usual is learned from the counts in the store. */
const baselinesConfig = z
  .strictObject({
    weeks: z
      .int()
      .min(2)
      .max(12)
      .default(4)
      .meta({
        description: "How many weeks are looked at. Counts have to be kept for as long (`store.retention.minutes`).",
        examples: [4],
      }),
    growth: z
      .number()
      .gt(0)
      .max(1)
      .default(0.2)
      .meta({ description: "By which share what is usual may move within a week, up or down.", examples: [0.2] }),
    timeZone: z
      .string()
      .refine(isTimeZone, { error: "expected a time zone such as Europe/Berlin" })
      .default("UTC")
      .meta({ description: "Whose hours of the week customers live by.", examples: ["Europe/Berlin"] }),
  })
  .prefault({})
  .meta({
    description: "How what is usual at an hour of the week is learned.",
    examples: [{ timeZone: "Europe/Berlin" }],
  });

/** Losing sight of these is what attackers would want. */
const neverShed: ReadonlySet<EndpointClass> = new Set(["login", "payment"]);

/** `detect.shed`: what is left out of counting when there is more to read than can be. */
const shedConfig = z
  .strictObject({
    above: durationMs("60s")
      .prefault("60s")
      .meta({ description: "How far behind reading has to be, in event time.", examples: ["60s"] }),
    classes: z
      .array(
        z
          .enum(endpointClasses)
          .refine((one) => !neverShed.has(one), { error: "logins and payments are never left out: remove it" }),
      )
      .min(1)
      .refine((list) => new Set(list).size === list.length, { error: "expected each class once" })
      .default(["catalog"])
      .meta({
        description: "Whose successful requests are left out, the first one first; never `login` or `payment`.",
        examples: [["catalog", "search"]],
      }),
  })
  .meta({
    description:
      "Leave requests out of counting by client and user while reading is far behind, and say so. Off unless it is there.",
    examples: [{ above: "60s", classes: ["catalog", "search"] }],
  });

export type ShedConfig = z.output<typeof shedConfig>;

/** `detect:` in the configuration: how events become windows. Sources of the defaults: docs/detectors.md. */
export const detectConfig = z
  .strictObject({
    lateness: durationMs("10s")
      .prefault("10s")
      .meta({ description: "How long after its time an event may still change what is sealed.", examples: ["10s"] }),
    idleAfter: durationMs("15s")
      .prefault("15s")
      .meta({ description: "A partition silent for so long no longer holds the watermark back.", examples: ["15s"] }),
    saveEvery: durationMs("5s")
      .prefault("5s")
      .meta({
        description:
          "How often the counters and positions are saved to the data directory; more rarely where that takes over a thirtieth of the time, or everything waits for it over a five-hundredth.",
        examples: ["5s"],
      }),
    clients: z
      .int()
      .min(1024)
      .max(8_388_608)
      .default(131_072)
      .meta({ description: "Rows preallocated for each kind of key (clients, users, …).", examples: [131_072] }),
    firstSeenValues: z
      .int()
      .min(1024)
      .max(67_108_864)
      .default(524_288)
      .meta({
        description:
          "Places for what detectors remember of users over weeks: countries, networks, devices. 32 bytes each.",
        examples: [524_288],
      }),
    staleAfter: durationMs("2m")
      .prefault("2m")
      .meta({ description: "What is found so long after it happened is shown, and blocks nobody.", examples: ["2m"] }),
    behindAfter: z
      .union([z.literal("never"), durationMs("30s")])
      .prefault("30s")
      .meta({
        description:
          "An incident opens when reading is so far behind, in event time, and won't catch up within ten minutes; `never` turns it off.",
        examples: ["30s"],
      }),
    shed: shedConfig.optional(),
    baselines: baselinesConfig,
  })
  .prefault({})
  .meta({ description: "How events become windows, and how much room there is.", examples: [{ lateness: "10s" }] });

export type DetectConfig = z.output<typeof detectConfig>;

/** How one detector is to run. `params` is checked against the detector's own schema. */
export const detectorSettings = z.strictObject({
  mode: z
    .enum(["active", "dry-run", "off"])
    .default("active")
    .meta({ description: "`dry-run`: shown, never blocked on. `off`: not loaded.", examples: ["dry-run"] }),
  params: z
    .record(z.string(), z.unknown())
    .default({})
    .meta({
      description: "Thresholds; each detector's own are listed in docs/detectors.md.",
      examples: [{ failures: 8 }],
    }),
});

export type DetectorSettings = z.output<typeof detectorSettings>;

/** `detectors:` in the configuration: more folders, and settings by detector id. */
export const detectorsConfig = z
  .object({
    directories: z
      .array(z.string())
      .default([])
      .meta({
        description: "Folders with detectors of your own, beside the shipped ones.",
        examples: [["./detectors"]],
      }),
  })
  .catchall(detectorSettings)
  .prefault({})
  .meta({
    description: "Folders with detectors, and the settings of each detector under its id.",
    examples: [{ "credential-stuffing": { mode: "active", params: { failures: 8 } } }],
  });

export type DetectorsConfig = z.output<typeof detectorsConfig>;
