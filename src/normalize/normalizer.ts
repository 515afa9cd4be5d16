import type { Counter, Gauge } from "prom-client";
import type { Metrics } from "../metrics.ts";
import type { RawBatch } from "../source/raw-batch.ts";
import type { AccessEvent, FieldCoverage, NormalizedBatch, RejectedRecord, RejectReason } from "./access-event.ts";
import { Draft } from "./draft.ts";
import { createEventBuilder, type BuilderOptions, type BuilderRules, type EventBuilder } from "./event-builder.ts";
import { FieldCounts } from "./field-counts.ts";
import { formatList } from "./format-list.ts";
import { customJson } from "./formats/custom-json.ts";
import type { JsonRecord, LogFormat } from "./log-format.ts";
import type { FormatsConfig } from "./formats-config.ts";
import { redactRecord } from "./redact-text.ts";
import type { SeenEndpoint } from "./route-table.ts";
import { ShapeReader } from "./shape-reader.ts";
import { SourceFormat } from "./source-format.ts";
import { createWallClock, type WallClock } from "./time-zone.ts";
import { unwrapRecord, type RecordVisitor } from "./unwrap-record.ts";

/** What a source's records are. */
export interface SourceOptions {
  /** What its events' `gateway` says. */
  readonly gateway: string;
  /** `auto`, a format of `formatList`, or a name under `formats:`. */
  readonly format: string;
  /** The zone of times that are logged without one: `UTC` (the default), `Europe/Berlin`, `+02:00`. */
  readonly timeZone?: string;
}

export interface NormalizerOptions extends BuilderOptions {
  readonly sources: ReadonlyMap<string, SourceOptions>;
  readonly formats: FormatsConfig;
  readonly metrics: Metrics;
}

/** Makes events of raw records. Every record becomes events, or is counted and named as rejected. */
export interface Normalizer {
  /** Never throws, whatever the records hold. */
  normalize(batch: RawBatch): NormalizedBatch;
  /** How many events had each field, by source and format. */
  coverage(): FieldCoverage[];
  /** The format that a source was found to have; `undefined` as long as that is open. */
  formatOf(source: string): string | undefined;
  /** The endpoints seen since the start or the last `update`; bounded. */
  endpointsSeen(): SeenEndpoint[];
  /** New rules from a changed configuration; what was learned of routes is learned anew. */
  update(rules: BuilderRules): void;
}

/** How many of a source's first records its format is found from. */
const samplesToFind = 20;
const headLength = 300;

/** Throws when a source names a format that does not exist; the configuration is checked for it before. */
export function createNormalizer(options: NormalizerOptions): Normalizer {
  return new BatchNormalizer(options);
}

// helpers

interface SourceState {
  readonly gateway: string;
  readonly clock: WallClock;
  readonly format: SourceFormat;
  readonly counts: Map<string, FieldCounts>;
  readonly shape: ShapeReader;
}

class BatchNormalizer implements Normalizer, RecordVisitor {
  readonly #options: NormalizerOptions;
  readonly #sources = new Map<string, SourceState>();
  readonly #metrics: StageMetrics;
  readonly #draft = new Draft();
  #builder: EventBuilder;
  #clampedCounted = 0;

  // The batch under way; kept here because entries are visited one by one.
  #batch: RawBatch = emptyBatch;
  #state: SourceState | undefined;
  #offset = 0;
  #from = { gateway: "", arrivedAt: 0, clock: createWallClock("UTC") };
  #events: AccessEvent[] = [];
  #offsets: number[] = [];
  #rejected: RejectedRecord[] = [];

  constructor(options: NormalizerOptions) {
    this.#options = options;
    this.#builder = createEventBuilder(options);
    this.#metrics = registerMetrics(options.metrics);
    const custom = Object.entries(options.formats).map(([name, config]) => customJson(name, config));
    const all: readonly LogFormat[] = [...custom, ...formatList];
    for (const [name, source] of options.sources) {
      const candidates = source.format === "auto" ? all : all.filter(({ id }) => id === source.format);
      if (candidates.length === 0) throw new Error(`source ${name}: there is no format ${source.format}`);
      const format = new SourceFormat(candidates, source.format !== "auto");
      const { gateway, timeZone = "UTC" } = source;
      const clock = createWallClock(timeZone);
      this.#sources.set(name, { gateway, clock, format, counts: new Map(), shape: new ShapeReader() });
    }
  }

  normalize(batch: RawBatch): NormalizedBatch {
    const state = this.#sources.get(batch.source);
    if (state === undefined) throw new Error(`no source is called ${batch.source}`);
    this.#batch = batch;
    this.#state = state;
    this.#events = [];
    this.#offsets = [];
    this.#rejected = [];
    this.#from = { gateway: state.gateway, arrivedAt: batch.receivedAt, clock: state.clock };
    if (state.format.current === undefined) findFormat(state.format, batch.records);

    const { records, offsets, timestamps } = batch;
    for (let i = 0; i < records.length; i++) {
      const arrivedAt = timestamps?.[i];
      // Producers that don't say when leave 0 or -1.
      this.#from.arrivedAt = arrivedAt !== undefined && arrivedAt > 0 ? arrivedAt : batch.receivedAt;
      this.#offset = offsets[i] as number;
      const text = records[i] as string | Uint8Array;
      if (typeof text !== "string") {
        this.reject("undecodable", refusals.undecodable, "");
        continue;
      }
      const record = state.shape.read(text);
      if (record === undefined) unwrapRecord(text, this);
      else this.#take(record, text);
    }
    for (const { offset, reason, head } of batch.refused) {
      this.#offset = offset;
      this.reject(reason, refusals[reason], head);
    }
    return this.#finish(batch.source);
  }

  /** One entry of the record under way. */
  entry(sample: JsonRecord | string, text?: string): void {
    if (this.#take(sample, text) && text !== undefined && typeof sample === "object") {
      this.#state?.shape.learn(text, sample);
    }
  }

  /** Makes an event of an entry, or rejects it; true when it was of the source's format. */
  #take(sample: JsonRecord | string, text: string | undefined): boolean {
    const state = this.#state as SourceState;
    const { format } = state;
    if (format.current === undefined) format.find([sample]);
    const reason = this.#read(format.current, sample);
    if (reason === undefined) {
      format.fits();
      this.#accept(state);
      return true;
    }
    const { detail } = this.#draft;
    switch (format.misfits(sample)) {
      case "kept":
        this.#rejectEntry(reason, detail, text ?? sample);
        break;
      case "other":
        this.#rejectEntry("format_changed", "expected the format that the source had so far", text ?? sample);
        break;
      case "changed": {
        const again = this.#read(format.current, sample);
        if (again === undefined) this.#accept(state);
        else this.#rejectEntry(again, this.#draft.detail, text ?? sample);
      }
    }
    return false;
  }

  reject(reason: RejectReason, detail: string, text: string): void {
    this.#rejected.push({
      source: this.#batch.source,
      partition: this.#batch.partition,
      offset: this.#offset,
      reason,
      format: this.#state?.format.current?.id ?? "none",
      detail,
      // Redacted before it is cut to length, or half a secret could stay at the end.
      head: redactRecord(text.slice(0, headLength * 4)).slice(0, headLength),
    });
  }

  coverage(): FieldCoverage[] {
    return [...this.#sources.values()].flatMap(({ counts }) => [...counts.values()].map((one) => one.coverage()));
  }

  formatOf(source: string): string | undefined {
    return this.#sources.get(source)?.format.current?.id;
  }

  endpointsSeen(): SeenEndpoint[] {
    return this.#builder.routes.seen();
  }

  update(rules: BuilderRules): void {
    this.#builder = createEventBuilder({ ...this.#options, ...rules });
    this.#clampedCounted = 0;
  }

  /** Fills the draft; answers why it could not. */
  #read(format: LogFormat | undefined, sample: JsonRecord | string): RejectReason | undefined {
    const draft = this.#draft;
    draft.reset();
    if (format === undefined) {
      return draft.reject("unknown_format", "none of the known formats fits; name it in the source's `format`");
    }
    if (format.kind === "json") {
      if (typeof sample === "object") return format.read(sample, draft);
      return draft.reject("not_json", "expected a JSON object, found a line of text");
    }
    if (typeof sample === "string") return format.read(sample, draft);
    return draft.reject("unknown_format", "expected a line of text, found a JSON object");
  }

  #accept(state: SourceState): void {
    const event = this.#builder.build(this.#draft, this.#from);
    const id = state.format.current?.id ?? "none";
    let counts = state.counts.get(id);
    if (counts === undefined) state.counts.set(id, (counts = new FieldCounts(this.#batch.source, id)));
    counts.add(event);
    this.#events.push(event);
    this.#offsets.push(this.#offset);
  }

  #rejectEntry(reason: RejectReason, detail: string, sample: JsonRecord | string): void {
    this.reject(reason, detail, typeof sample === "string" ? sample : JSON.stringify(sample));
  }

  #finish(source: string): NormalizedBatch {
    const result = { events: this.#events, offsets: this.#offsets, rejected: this.#rejected };
    this.#batch = emptyBatch;
    this.#events = [];
    this.#offsets = [];
    this.#rejected = [];
    this.#metrics.events.inc({ source }, result.events.length);
    this.#metrics.endpoints.set(this.#builder.routes.size());
    for (const { reason } of result.rejected) this.#metrics.rejected.inc({ source, reason });
    const clamped = this.#builder.clamped();
    this.#metrics.clamped.inc({ source }, clamped - this.#clampedCounted);
    this.#clampedCounted = clamped;
    return result;
  }
}

interface StageMetrics {
  readonly events: Counter<"source">;
  readonly rejected: Counter<"source" | "reason">;
  readonly clamped: Counter<"source">;
  readonly endpoints: Gauge<never>;
}

const refusals = {
  too_long: "longer than the source's maxRecordBytes",
  undecodable: "the bytes can't be read as text",
} as const;

const emptyBatch: RawBatch = {
  source: "", partition: "", records: [], offsets: [], refused: [], next: 0, receivedAt: 0,
}; // prettier-ignore

function registerMetrics(metrics: Metrics): StageMetrics {
  return {
    events: metrics.counter("gatewatch_normalize_events_total", "Log entries that became events", ["source"]),
    rejected: metrics.counter("gatewatch_normalize_rejected_total", "Log entries that became no event", [
      "source",
      "reason",
    ]),
    clamped: metrics.counter("gatewatch_normalize_clamped_total", "Events whose time lay in the future", ["source"]),
    endpoints: metrics.gauge("gatewatch_normalize_endpoints", "Endpoints seen in the traffic"),
  };
}

/** Looks at the first entries, without rejecting any. */
function findFormat(format: SourceFormat, records: readonly (string | Uint8Array)[]): void {
  const samples: (JsonRecord | string)[] = [];
  const collector: RecordVisitor = {
    entry: (sample) => void (samples.length < samplesToFind && samples.push(sample)),
    reject() {},
  };
  for (const record of records.slice(0, samplesToFind)) {
    if (samples.length === samplesToFind) break;
    if (typeof record === "string") unwrapRecord(record, collector);
  }
  if (samples.length > 0) format.find(samples);
}
