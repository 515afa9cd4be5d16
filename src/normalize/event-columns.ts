import type { AccessEvent, NormalizedBatch } from "./access-event.ts";
import { endpointClasses, outcomes } from "./access-event.ts";

/**
 * The events of a batch as columns, to be handed from one thread to another: a tenth of what it costs to copy
 * them as objects. Numbers have `NaN` where an event has none.
 */
export interface EventColumns {
  /** So many to an event (`numbersPerEvent`), as all of these. */
  readonly numbers: Float64Array;
  /** What an event is, as bits: see `flagsOf`. */
  readonly flags: Int32Array;
  /** Texts that come again and again, by number; 0: none. */
  readonly words: Int32Array;
  /** How much of `text` each other text takes, in the order of `textsOf`; or `absent`, or `asClient`. */
  readonly lengths: Int32Array;
  readonly text: string;
  /** Words that were not there before, in the order of their numbers. */
  readonly newWords: readonly string[];
  /** The words of before are forgotten, and numbers begin anew. */
  readonly isAnew: boolean;
  /** Of the few that have some, by their place in the batch. */
  readonly attributes: readonly (readonly [at: number, attributes: NonNullable<AccessEvent["attributes"]>])[];
  readonly offsets: Float64Array;
  readonly indexes: Int32Array;
}

export const numbersPerEvent = 10;
export const wordsPerEvent = 9;
export const textsPerEvent = 9;
export const absent = -1;
/** The same as the client's address. */
export const asClient = -2;

export const answerers = ["gateway", "upstream", "unknown"] as const satisfies readonly AccessEvent["answeredBy"][];
/** As two bits. */
export const maybes = [undefined, true, false] as const;

/** Words of more batches than one: endpoints, hosts and user agents; what a client makes up is among them. */
const maxWords = 16_384;

/** Puts batches into columns, for one `EventColumnsReader` that reads them all in this order. */
export class EventColumnsWriter {
  readonly #words = new Map<string, number>();
  #newWords: string[] = [];

  write({ events, offsets, indexes }: Pick<NormalizedBatch, "events" | "offsets" | "indexes">): EventColumns {
    const isAnew = this.#words.size === 0 || this.#words.size > maxWords;
    if (isAnew) this.#words.clear();
    this.#newWords = [];
    const count = events.length;
    const numbers = new Float64Array(count * numbersPerEvent);
    const flags = new Int32Array(count);
    const words = new Int32Array(count * wordsPerEvent);
    const lengths = new Int32Array(count * textsPerEvent);
    const texts: string[] = [];
    const attributes: [number, NonNullable<AccessEvent["attributes"]>][] = [];
    for (let i = 0; i < count; i++) {
      const event = events[i]!;
      flags[i] = flagsOf(event);
      writeNumbers(event, numbers, i * numbersPerEvent);
      this.#writeWords(event, words, i * wordsPerEvent);
      writeTexts(event, texts, { lengths, at: i * textsPerEvent });
      if (event.attributes !== undefined) attributes.push([i, event.attributes]);
    }
    return {
      ...{ numbers, flags, words, lengths, attributes, isAnew },
      text: texts.join(""),
      newWords: this.#newWords,
      offsets: Float64Array.from(offsets),
      indexes: Int32Array.from(indexes),
    };
  }

  #writeWords(event: AccessEvent, words: Int32Array, at: number): void {
    words[at] = this.#numberOf(event.gateway);
    words[at + 1] = this.#numberOf(event.method);
    words[at + 2] = this.#numberOf(event.host);
    words[at + 3] = this.#numberOf(event.route);
    words[at + 4] = this.#numberOf(event.owner);
    words[at + 5] = this.#numberOf(event.role);
    words[at + 6] = this.#numberOf(event.userAgent);
    words[at + 7] = this.#numberOf(event.country);
    words[at + 8] = this.#numberOf(event.methodOverride);
  }

  #numberOf(word: string | undefined): number {
    if (word === undefined) return 0;
    let number = this.#words.get(word);
    if (number === undefined) {
      number = this.#words.size + 1;
      this.#words.set(word, number);
      this.#newWords.push(word);
    }
    return number;
  }
}

/** What of columns can be handed over without being copied. */
export function transferable({ numbers, flags, words, lengths, offsets, indexes }: EventColumns): ArrayBuffer[] {
  return [numbers, flags, words, lengths, offsets, indexes].map(({ buffer }) => buffer as ArrayBuffer);
}

// helpers

/** `EventColumnsReader` takes them apart. */
function flagsOf(event: AccessEvent): number {
  return (
    (event.origin === "shop" ? 1 : 0) |
    (event.clientIpTrust === "certain" ? 2 : 0) |
    (event.enforced ? 4 : 0) |
    (event.attempt ? 8 : 0) |
    (maybeOf(event.listed) << 4) |
    (maybeOf(event.needsUser) << 6) |
    (maybeOf(event.deprecated) << 8) |
    (answerers.indexOf(event.answeredBy) << 10) |
    (outcomes.indexOf(event.outcome) << 12) |
    (endpointClasses.indexOf(event.endpointClass) << 16)
  );
}

function maybeOf(value: boolean | undefined): number {
  return value === undefined ? 0 : value ? 1 : 2;
}

function writeNumbers(event: AccessEvent, numbers: Float64Array, at: number): void {
  numbers[at] = event.time;
  numbers[at + 1] = event.startedAt ?? Number.NaN;
  numbers[at + 2] = event.status;
  numbers[at + 3] = event.durationMs ?? Number.NaN;
  numbers[at + 4] = event.upstreamMs ?? Number.NaN;
  numbers[at + 5] = event.requestBytes ?? Number.NaN;
  numbers[at + 6] = event.responseBytes ?? Number.NaN;
  numbers[at + 7] = event.asn ?? Number.NaN;
  numbers[at + 8] = event.latitude ?? Number.NaN;
  numbers[at + 9] = event.longitude ?? Number.NaN;
}

function writeTexts(event: AccessEvent, texts: string[], { lengths, at }: { lengths: Int32Array; at: number }): void {
  const { clientIp, clientKey, peerIp } = event;
  lengths[at] = written(clientIp, texts);
  lengths[at + 1] = clientKey === clientIp ? asClient : written(clientKey, texts);
  lengths[at + 2] = peerIp === clientIp ? asClient : written(peerIp, texts);
  lengths[at + 3] = written(event.path, texts);
  lengths[at + 4] = written(event.requestId, texts);
  lengths[at + 5] = written(event.userId, texts);
  lengths[at + 6] = written(event.apiKey, texts);
  lengths[at + 7] = written(event.sessionId, texts);
  lengths[at + 8] = written(event.deviceId, texts);
}

function written(text: string | undefined, texts: string[]): number {
  if (text === undefined) return absent;
  texts.push(text);
  return text.length;
}
