import { type AccessEvent, endpointClasses, type NormalizedBatch, outcomes } from "./access-event.ts";
import {
  answerers,
  asClient,
  type EventColumns,
  maybes,
  numbersPerEvent,
  textsPerEvent,
  wordsPerEvent,
} from "./event-columns.ts";

/** Makes events of columns again, of all that one `EventColumnsWriter` wrote, in that order. */
export class EventColumnsReader {
  #words: (string | undefined)[] = [undefined];
  // Of the batch at hand.
  #text = "";
  #at = 0;

  read(columns: EventColumns): Pick<NormalizedBatch, "events" | "offsets" | "indexes"> {
    if (columns.isAnew) this.#words = [undefined];
    for (const word of columns.newWords) this.#words.push(word);
    this.#text = columns.text;
    this.#at = 0;
    const events: AccessEvent[] = [];
    for (let i = 0; i < columns.flags.length; i++) events.push(this.#event(columns, i));
    for (const [at, attributes] of columns.attributes) events[at]!.attributes = attributes;
    this.#text = "";
    return { events, offsets: [...columns.offsets], indexes: [...columns.indexes] };
  }

  /** In the order of `AccessEvent`, as the builder makes them. */
  #event({ flags, numbers, words, lengths }: EventColumns, i: number): AccessEvent {
    const known = this.#words;
    const bits = flags[i]!;
    const number = i * numbersPerEvent;
    const word = i * wordsPerEvent;
    const text = i * textsPerEvent;
    const clientIp = this.#next(lengths[text]!);
    const clientKey = lengths[text + 1] === asClient ? clientIp : this.#next(lengths[text + 1]!);
    const peerIp = lengths[text + 2] === asClient ? clientIp : this.#next(lengths[text + 2]!);
    return {
      origin: (bits & 1) === 0 ? "gateway" : "shop",
      time: numbers[number]!,
      startedAt: present(numbers[number + 1]!),
      gateway: known[words[word]!]!,
      clientIp,
      clientKey,
      clientIpTrust: (bits & 2) === 0 ? "guessed" : "certain",
      peerIp,
      method: known[words[word + 1]!]!,
      host: known[words[word + 2]!],
      path: this.#next(lengths[text + 3]!)!,
      route: known[words[word + 3]!]!,
      endpointClass: endpointClasses[bits >>> 16]!,
      owner: known[words[word + 4]!],
      listed: maybes[(bits >>> 4) & 3],
      needsUser: maybes[(bits >>> 6) & 3],
      deprecated: maybes[(bits >>> 8) & 3],
      status: numbers[number + 2]!,
      answeredBy: answerers[(bits >>> 10) & 3]!,
      enforced: (bits & 4) !== 0,
      durationMs: present(numbers[number + 3]!),
      upstreamMs: present(numbers[number + 4]!),
      requestBytes: present(numbers[number + 5]!),
      responseBytes: present(numbers[number + 6]!),
      requestId: this.#next(lengths[text + 4]!),
      userId: this.#next(lengths[text + 5]!),
      role: known[words[word + 5]!],
      apiKey: this.#next(lengths[text + 6]!),
      sessionId: this.#next(lengths[text + 7]!),
      deviceId: this.#next(lengths[text + 8]!),
      userAgent: known[words[word + 6]!],
      country: known[words[word + 7]!],
      asn: present(numbers[number + 7]!),
      latitude: present(numbers[number + 8]!),
      longitude: present(numbers[number + 9]!),
      methodOverride: known[words[word + 8]!],
      outcome: outcomes[(bits >>> 12) & 15]!,
      attempt: (bits & 8) !== 0,
      attributes: undefined,
    };
  }

  /** The next text, of so many characters; `undefined` when there is none. */
  #next(length: number): string | undefined {
    if (length < 0) return undefined;
    const from = this.#at;
    this.#at += length;
    return this.#text.slice(from, this.#at);
  }
}

// helpers

function present(value: number): number | undefined {
  return Number.isNaN(value) ? undefined : value;
}
