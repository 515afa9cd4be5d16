import type { AccessEvent } from "../normalize/access-event.ts";
import type { EvidenceEvent } from "./detection.ts";
import { hash32 } from "./hash.ts";

/** An event kept as evidence, with what orders it and whom it speaks for. */
export interface Sample {
  readonly time: number;
  readonly hash: number;
  /** Detectors (by bit of their number) whose evidence it is. */
  readonly detectors: number;
  /** Who owns the endpoint. */
  readonly owner: string | undefined;
  readonly event: EvidenceEvent;
}

/** Samples of quiet rows: the newest so many over all rows, addressed by a number that ascends. */
export class SampleRing {
  readonly #samples: (Sample | undefined)[];
  #next = 0;

  constructor(size: number) {
    this.#samples = Array.from<Sample | undefined>({ length: size });
  }

  put(sample: Sample): number {
    this.#samples[this.#next % this.#samples.length] = sample;
    return this.#next++;
  }

  /** `undefined` once newer ones have taken its place. */
  get(at: number): Sample | undefined {
    if (at < 0 || at < this.#next - this.#samples.length) return undefined;
    return this.#samples[at % this.#samples.length];
  }
}

/** Adds a sample to a list of at most `limit`, which holds the earliest by time, then by content. */
export function keepEarliest(list: Sample[], sample: Sample, limit: number): void {
  let at = list.length;
  while (at > 0 && isBefore(sample, list[at - 1]!)) at--;
  if (at > 0 && list[at - 1]!.hash === sample.hash && list[at - 1]!.time === sample.time) return;
  if (at >= limit) return;
  list.splice(at, 0, sample);
  if (list.length > limit) list.pop();
}

/** An event's content as 32 bits: the same event gives the same number wherever it is read. */
export function contentHash(event: AccessEvent): number {
  return hash32(
    `${event.time}|${event.clientIp}|${event.method}|${event.path}|${event.status}|${event.userId}|${event.requestId}|${event.durationMs}`,
  );
}

/** The parts of an event that are shown as evidence, copied so that they keep no log line alive. */
export function evidenceOf(event: AccessEvent): EvidenceEvent {
  const copy = (text: string) => Buffer.from(text).toString();
  const maybe = (text: string | undefined) => (text === undefined ? undefined : copy(text));
  return {
    time: event.time,
    gateway: event.gateway,
    clientIp: maybe(event.clientIp),
    clientKey: maybe(event.clientKey),
    clientIpTrust: event.clientIpTrust,
    method: copy(event.method),
    path: copy(event.path),
    route: copy(event.route),
    endpointClass: event.endpointClass,
    status: event.status,
    outcome: event.outcome,
    userId: maybe(event.userId),
    country: maybe(event.country),
    userAgent: maybe(event.userAgent),
    requestId: maybe(event.requestId),
  };
}

function isBefore(a: Sample, b: Sample): boolean {
  return a.time < b.time || (a.time === b.time && a.hash < b.hash);
}
