import { z } from "zod";

/** What the records of one format tell, in one source. */
const formatStatus = z.object({
  format: z.string(),
  /** Events since the start. */
  events: z.number(),
  /** By field: the share of them that had it, 0 to 1. */
  coverage: z.record(z.string(), z.number()),
  /** Share of them whose client address is certain, 0 to 1. */
  certainClients: z.number(),
});

/** One source, with what its log lines tell. */
const sourceStatus = z.object({
  name: z.string(),
  type: z.string().meta({ examples: ["kafka"] }),
  /** The format found or configured; absent until the first line was understood. */
  format: z.string().optional(),
  eventsPerSecond: z.number(),
  rejectedPerSecond: z.number(),
  /** Event time up to which everything is judged, epoch ms. */
  watermark: z.number().optional(),
  /** How far the newest handled event is behind now while records wait, milliseconds: of the partition that is furthest behind. */
  lagMs: z.number().optional(),
  /** The same for each partition, with the records that wait where the source can tell. */
  partitions: z.array(z.object({ name: z.string(), lagMs: z.number(), records: z.number().optional() })).readonly(),
  /** Nothing arrived for longer than configured. */
  silent: z.boolean(),
  /** Why it can't go on by itself for now. */
  trouble: z.string().optional(),
  /** The same by format: a gateway's lines and shop events may share a source. */
  formats: z.array(formatStatus).readonly(),
  /** By field: the share of events that had it, 0 to 1. */
  coverage: z.record(z.string(), z.number()),
  /** Share of events whose client address is certain, 0 to 1; absent before the first event. */
  certainClients: z.number().optional(),
});

/** One detector: what it may do, and whether the traffic tells it enough. */
export const detectorStatus = z.object({
  id: z.string(),
  title: z.string(),
  mode: z.enum(["active", "dry-run", "off"]),
  /** `waiting`: too little traffic so far to tell. */
  state: z.enum(["waiting", "full", "reduced", "blind"]),
  /** Fields that the traffic lacks; none when `full`. `attempt`: no shop event comes, though an endpoint counts by them. */
  missing: z.array(z.string()).readonly(),
  /** Events it has looked at. */
  events: z.number(),
  /** The fields it needs, or would be surer with, and the share of those events that had each; none before the first. */
  fields: z.array(z.object({ field: z.string(), needed: z.boolean(), share: z.number() })).readonly(),
  /** Gateways whose events lack a field that others have. */
  gaps: z
    .array(
      z.object({
        gateway: z.string(),
        origin: z.enum(["gateway", "shop"]),
        events: z.number(),
        missing: z.array(z.string()).readonly(),
      }),
    )
    .readonly(),
  /** It kept throwing, and is not asked any more. */
  muted: z.boolean(),
  /** How often it would have fired, had others not held it back, and which of them do so now. */
  suppressed: z.object({ times: z.number(), by: z.array(z.string()).readonly() }).optional(),
  /** What it compares with what is usual at this hour of the week; at 0 places it goes by its own floors. */
  usual: z.object({ of: z.array(z.string()).readonly(), places: z.number() }).optional(),
});

/** How the service is, as `/v1/status`, the console and its event stream show it. Times are epoch ms. */
export const serviceStatus = z.object({
  service: z.string(),
  version: z.string(),
  now: z.number(),
  startedAt: z.number(),
  eventsPerSecond: z.number(),
  rejectedPerSecond: z.number(),
  /** Event time up to which everything is judged; absent before the first event. */
  watermark: z.number().optional(),
  /** Of the partition that is furthest behind; 0 when nothing waits; absent before the first event. */
  lagMs: z.number().optional(),
  /** Which share of the last half minute the pipeline spent in each stage, 0 to 1; `wait`: nothing came. */
  stages: z.record(z.string(), z.number()),
  sources: z.array(sourceStatus).readonly(),
  detectors: z.array(detectorStatus).readonly(),
  /** Files that places are looked up in, in the order in which they are asked. */
  geo: z
    .array(
      z.object({
        file: z.string(),
        /** When its data were put together, epoch ms. */
        builtAt: z.number().optional(),
        /** Why the file on disk can't be used: the one before stays in use. */
        trouble: z.string().optional(),
      }),
    )
    .readonly(),
  store: z.object({
    reachable: z.boolean(),
    journalRows: z.number(),
    journalBytes: z.number(),
    unwrittenRows: z.number(),
    lastError: z.string().optional(),
    /** Why the disk refuses what has to be saved. */
    journalError: z.string().optional(),
  }),
  blocking: z.object({
    /** `observe`: decisions are listed, and served to nobody. */
    mode: z.enum(["observe", "enforce"]),
    /** True while blocking is stopped by hand. */
    stopped: z.boolean(),
    stoppedBy: z.string().optional(),
  }),
});

export type ServiceStatus = Readonly<z.output<typeof serviceStatus>>;
