import type { Metrics } from "../metrics.ts";
import type { RawBatch } from "../source/raw-batch.ts";
import type { AccessEvent, FieldCoverage, NormalizedBatch, RejectedRecord, RejectReason } from "./access-event.ts";
import { Draft } from "./draft.ts";
import { createEventBuilder, type BuilderOptions, type BuilderRules, type EventBuilder } from "./event-builder.ts";
import { findFormat } from "./find-format.ts";
import { formatList } from "./format-list.ts";
import { customFormat } from "./custom-format.ts";
import { shopEvent } from "./formats/shop-event.ts";
import type { JsonRecord, LogFormat } from "./log-format.ts";
import type { FormatsConfig } from "./formats-config.ts";
import { NormalizeCounting, type NormalizeFigures } from "./normalize-metrics.ts";
import { refusals, rejectedHead } from "./rejected-head.ts";
import type { LearnedRoutes } from "./route-learner.ts";
import type { SeenEndpoint } from "./route-table.ts";
import { SourceFormat } from "./source-format.ts";
import { type SourceOptions, SourceState } from "./source-state.ts";
import { createWallClock } from "./time-zone.ts";
import { type EntryOrigin, type RecordVisitor, unwrapRecord } from "./unwrap-record.ts";

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
  figures(): NormalizeFigures;
  /** A copy of what was learned of routes, for `learned` after a restart; bounded. */
  learnedRoutes(): LearnedRoutes;
  /** Takes in what another normalizer learned of routes. */
  learnRoutes(other: LearnedRoutes): void;
  /** New rules from a changed configuration. */
  update(rules: BuilderRules): void;
  /** Other proxies from now on; what was learned of routes stays. */
  trust(rules: Pick<BuilderRules, "proxies" | "trusted">): void;
}

/** Throws when a source names a format that does not exist; the configuration is checked for it before. */
export function createNormalizer(options: NormalizerOptions): Normalizer {
  return new BatchNormalizer(options);
}

// helpers

class BatchNormalizer implements Normalizer, RecordVisitor {
  readonly #options: NormalizerOptions;
  readonly #sources = new Map<string, SourceState>();
  readonly #counting: NormalizeCounting;
  readonly #draft = new Draft();
  #builder: EventBuilder;

  // The batch under way; kept here because entries are visited one by one.
  #batch: RawBatch = emptyBatch;
  #state: SourceState | undefined;
  #offset = 0;
  /** How many entries of the record came before. */
  #index = 0;
  #from = { gateway: "", arrivedAt: 0, trustClientIp: false, clock: createWallClock("UTC") };
  #events: AccessEvent[] = [];
  #offsets: number[] = [];
  #indexes: number[] = [];
  #rejected: RejectedRecord[] = [];

  constructor(options: NormalizerOptions) {
    this.#options = options;
    this.#builder = createEventBuilder(options);
    this.#counting = new NormalizeCounting(options.metrics);
    const custom = Object.entries(options.formats).map(([name, config]) => customFormat(name, config));
    const all: readonly LogFormat[] = [...custom, ...formatList];
    for (const [name, source] of options.sources) {
      const candidates = source.format === "auto" ? all : all.filter(({ id }) => id === source.format);
      if (candidates.length === 0) throw new Error(`source ${name}: there is no format ${source.format}`);
      const format = new SourceFormat(candidates, source.format !== "auto");
      this.#sources.set(name, new SourceState(source, format));
    }
  }

  normalize(batch: RawBatch): NormalizedBatch {
    const state = this.#sources.get(batch.source);
    if (state === undefined) throw new Error(`no source is called ${batch.source}`);
    this.#batch = batch;
    this.#state = state;
    this.#events = [];
    this.#offsets = [];
    this.#indexes = [];
    this.#rejected = [];
    const { gateway, trustClientIp, clock } = state;
    this.#from = { gateway, trustClientIp, clock, arrivedAt: batch.receivedAt };
    if (state.format.current === undefined) findFormat(state.format, batch.records);

    const { records, offsets, timestamps } = batch;
    for (let i = 0; i < records.length; i++) {
      const arrivedAt = timestamps?.[i];
      // Producers that don't say when leave 0 or -1.
      this.#from.arrivedAt = arrivedAt !== undefined && arrivedAt > 0 ? arrivedAt : batch.receivedAt;
      this.#offset = offsets[i] as number;
      this.#index = 0;
      const record = records[i] as string | Uint8Array;
      if (typeof record !== "string" || !this.line(record)) unwrapRecord(record, this);
    }
    for (const { offset, reason, head } of batch.refused) {
      this.#offset = offset;
      this.#index = 0;
      this.reject(reason, refusals[reason], head);
    }
    return this.#finish(batch.source);
  }

  isRecord(object: JsonRecord): boolean {
    return this.#state?.format.knows(object) ?? false;
  }

  isLine(text: string): boolean {
    const format = this.#state?.format;
    return format?.current?.kind !== "json" || format.knows(text);
  }

  /** Reads a line, or an array in one, by the shape that the source's lines have had so far. */
  line(text: string): boolean {
    const reader = this.#state?.reader;
    if (reader === undefined) return false;
    const record = reader.read(text);
    if (record !== undefined) return this.#takeKnown(record);
    const count = reader.readArray(text);
    for (let i = 0; i < count; i++) {
      if (!this.#takeKnown(reader.element(i))) this.#takeElement(reader.elementText(i));
    }
    return count > 0;
  }

  /** One entry of the record under way. */
  entry(sample: JsonRecord | string, { text, envelopes }: EntryOrigin): void {
    if (this.#take(sample, text) && typeof sample === "object") this.#learn(sample, text, envelopes.at(-1) === "array");
    this.#index++;
  }

  /** Makes an event of what was read by its shape; what can't be one is left to be looked at whole. */
  #takeKnown(record: JsonRecord): boolean {
    const state = this.#state as SourceState;
    if (this.#read(state.format.current, record) !== undefined) return false;
    state.format.fits();
    this.#accept(state);
    this.#index++;
    return true;
  }

  #takeElement(text: string): void {
    this.#take(JSON.parse(text) as JsonRecord, text);
    this.#index++;
  }

  #learn(sample: JsonRecord, text: string | undefined, isElement: boolean): void {
    const reader = this.#state?.reader;
    if (reader === undefined || !reader.isLearning()) return;
    // Most write arrays without spaces, as this does.
    if (text !== undefined) reader.learn(text);
    else if (isElement) reader.learn(JSON.stringify(sample));
  }

  reject(reason: RejectReason, detail: string, text: string): void {
    this.#refuse(reason, detail, text);
    this.#index++;
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
    if (this.#takeShopEvent(state, sample, text)) return false;
    switch (format.misfits(sample)) {
      case "kept":
        this.#refuse(reason, detail, text ?? sample);
        break;
      case "other":
        this.#refuse("format_changed", "expected the format that the source had so far", text ?? sample);
        break;
      case "changed": {
        const again = this.#read(format.current, sample);
        if (again === undefined) this.#accept(state);
        else this.#refuse(again, this.#draft.detail, text ?? sample);
      }
    }
    return false;
  }

  /** The application may write among a gateway's lines; looked for only where the source's format does not fit. */
  #takeShopEvent(state: SourceState, sample: JsonRecord | string, text: string | undefined): boolean {
    if (typeof sample !== "object" || state.format.current === shopEvent || shopEvent.matches(sample) === 0) {
      return false;
    }
    const reason = this.#read(shopEvent, sample);
    if (reason === undefined) this.#accept(state, shopEvent.id);
    else this.#refuse(reason, this.#draft.detail, text ?? sample);
    return true;
  }

  #refuse(reason: RejectReason, detail: string, sample: JsonRecord | string): void {
    this.#rejected.push({
      source: this.#batch.source,
      partition: this.#batch.partition,
      offset: this.#offset,
      index: this.#index,
      reason,
      format: this.#state?.format.current?.id ?? "none",
      detail,
      head: rejectedHead(sample),
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

  figures(): NormalizeFigures {
    const { routes } = this.#builder;
    return { endpoints: routes.size(), clamped: this.#builder.clamped(), learned: routes.changes() };
  }

  learnedRoutes(): LearnedRoutes {
    return this.#builder.routes.learned();
  }

  learnRoutes(other: LearnedRoutes): void {
    this.#builder.routes.learn(other);
  }

  update(rules: BuilderRules): void {
    this.#builder = createEventBuilder({ ...this.#options, ...rules, learned: this.learnedRoutes() });
  }

  trust(rules: Pick<BuilderRules, "proxies" | "trusted">): void {
    this.#builder.trust(rules);
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

  #accept(state: SourceState, id = state.format.current?.id ?? "none"): void {
    const event = this.#builder.build(this.#draft, this.#from);
    state.count(event, this.#batch.source, id);
    this.#events.push(event);
    this.#offsets.push(this.#offset);
    this.#indexes.push(this.#index);
  }

  #finish(source: string): NormalizedBatch {
    const result = { events: this.#events, offsets: this.#offsets, indexes: this.#indexes, rejected: this.#rejected };
    this.#batch = emptyBatch;
    this.#events = [];
    this.#offsets = [];
    this.#indexes = [];
    this.#rejected = [];
    this.#counting.count(source, result, this.figures());
    return result;
  }
}

const emptyBatch: RawBatch = {
  source: "", partition: "", records: [], offsets: [], refused: [], next: 0, receivedAt: 0,
}; // prettier-ignore
