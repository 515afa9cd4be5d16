import { ByteReader } from "./byte-reader.ts";
import { ByteWriter } from "./byte-writer.ts";
import type { EvidenceEvent } from "./detection.ts";
import type { DetectorSet } from "./detector-sets.ts";
import type { Sample } from "./sample.ts";
import type { SaveExtent } from "./save-extent.ts";

/** Samples that are written one after the other, with the texts that many of them share beside them. */
const mostPerChunk = 4_096;
/** On average no sample may take more, so that long paths can't take all memory; some 70 are usual. */
const mostBytesEach = 512;
/** Numbers of samples are of 27 bits, and begin anew: who keeps them has 32, and may have several rings. */
const numbers = 2 ** 27;

/** What a sample lacks, or need not say twice, by bit. */
const has = { ip: 1, ownKey: 2, sameKey: 4, path: 8, user: 16, id: 32, hexId: 64 } as const;

/** Samples in a row, as bytes. */
interface Chunk {
  /** Of each sample: where it begins. */
  readonly starts: Uint32Array;
  readonly bytes: Uint8Array;
  /** Texts and sets of detectors that samples name by number. */
  readonly texts: readonly (string | undefined)[];
  readonly sets: readonly DetectorSet[];
}

/** Samples as plain data. */
export interface SavedSamples {
  /** The number that the next sample would have had. */
  readonly next: number;
  /** With the number of their first sample, the oldest first; without what they say, where that was saved before. */
  readonly chunks: readonly (readonly [first: number, Chunk | undefined])[];
}

/**
 * Samples of quiet rows: the newest so many, addressed by a number that ascends from 1 and
 * wraps. They are kept as bytes, since few are ever looked at: objects would take five times as much, and
 * the garbage collector would have to visit all of them.
 */
export class SampleRing {
  readonly #places: number;
  readonly #perChunk: number;
  /** Chunks that are full, by the number of their first sample. */
  readonly #chunks = new Map<number, Chunk>();
  /** Those of them that were saved since it was begun. */
  readonly #saved = new WeakSet<Chunk>();
  #bytes = 0;
  #next = 1;
  #last: Sample | undefined;
  #lastAt = 0;
  /** The chunk that is written: its first sample, and what it says. */
  #first = 0;
  readonly #writer = new ByteWriter();
  readonly #starts: Uint32Array;
  #texts = new Numbering<string | undefined>();
  #sets = new Numbering<DetectorSet>();
  readonly #hex = new Uint8Array(16);

  /** `size` is rounded up to a power of two. */
  constructor(size: number) {
    this.#places = 2 ** Math.ceil(Math.log2(size));
    this.#perChunk = Math.min(mostPerChunk, this.#places);
    this.#starts = new Uint32Array(this.#perChunk);
  }

  /** Memory of what is kept, without texts that samples share. */
  get bytes(): number {
    return this.#bytes + this.#writer.length;
  }

  /** Keeps a sample, once for all rows that are given it one after the other; never 0, which stands for none. */
  put(sample: Sample): number {
    if (sample === this.#last) return this.#lastAt;
    if (this.#next - this.#first >= this.#perChunk) this.#close();
    const at = this.#next;
    this.#starts[at - this.#first] = this.#writer.length;
    this.#write(sample);
    this.#next++;
    this.#last = sample;
    this.#lastAt = at;
    return at;
  }

  /** `undefined` once newer ones have taken its place, and of a number that none has yet. */
  get(at: number): Sample | undefined {
    const newer = (this.#next - at + numbers) % numbers;
    if (at === 0 || newer === 0 || newer > this.#places) return undefined;
    const within = at % this.#perChunk;
    const first = at - within;
    if (first === this.#first) return read(this.#open(), within);
    const chunk = this.#chunks.get(first);
    return chunk && within < chunk.starts.length ? read(chunk, within) : undefined;
  }

  /** Chunks that are full don't change any more. */
  save(extent: SaveExtent = "whole"): SavedSamples {
    const full = [...this.#chunks].map(([first, chunk]) => {
      const isKnown = extent === "changes" && this.#saved.has(chunk);
      this.#saved.add(chunk);
      return [first, isKnown ? undefined : chunk] as const;
    });
    return { next: this.#next, chunks: [...full, [this.#first, this.#copied()]] };
  }

  /**
   * Goes on from what was saved, with the same numbers; `setOf`: the detectors as they are numbered now; `before`: what
   * it are changes of.
   */
  load(
    { next, chunks }: SavedSamples,
    setOf: (set: DetectorSet) => DetectorSet,
    before: readonly SavedSamples[] = [],
  ): void {
    const said = new Map([...before.map((saved) => saved.chunks), chunks].flat().filter(([, chunk]) => chunk));
    const whole = chunks.slice(0, -1);
    const open = chunks.at(-1);
    for (const [first] of whole) {
      const { starts, bytes, texts, sets } = said.get(first)!;
      // What was read may be a view of the whole state's bytes, and would keep them alive.
      const own = { starts: starts.slice(), bytes: Uint8Array.from(bytes), texts };
      this.#chunks.set(first, { ...own, sets: sets.map(setOf) });
      this.#bytes += bytes.byteLength;
    }
    this.#begin(open ? open[0] : next - (next % this.#perChunk));
    if (open?.[1]) this.#reopen(open[1], setOf);
    this.#next = next;
  }

  /** Goes on writing a chunk: beginning another would cost the oldest their places each time a state is loaded. */
  #reopen({ starts, bytes, texts, sets }: Chunk, setOf: (set: DetectorSet) => DetectorSet): void {
    this.#starts.set(starts);
    this.#writer.bytes(bytes);
    this.#texts = new Numbering(texts);
    this.#sets = new Numbering(sets.map(setOf));
  }

  /** The chunk that is written, as it is now. */
  #open(): Chunk {
    return {
      starts: this.#starts,
      bytes: this.#writer.view(),
      texts: this.#texts.values,
      sets: this.#sets.values,
    };
  }

  #copied(): Chunk {
    const starts = this.#starts.slice(0, this.#next - this.#first);
    return { starts, bytes: this.#writer.take(), texts: [...this.#texts.values], sets: [...this.#sets.values] };
  }

  #close(): void {
    const chunk = this.#copied();
    this.#chunks.set(this.#first, chunk);
    this.#bytes += chunk.bytes.byteLength;
    const mostChunks = this.#places / this.#perChunk;
    for (const [first, { bytes }] of this.#chunks) {
      if (this.#chunks.size <= mostChunks && this.#bytes <= this.#places * mostBytesEach) break;
      this.#chunks.delete(first);
      this.#bytes -= bytes.byteLength;
    }
    this.#begin((this.#first + this.#perChunk) % numbers);
  }

  #begin(first: number): void {
    this.#first = first;
    this.#next = Math.max(first, 1);
    this.#writer.clear();
    this.#texts = new Numbering();
    this.#sets = new Numbering();
    this.#last = undefined;
  }

  #write({ time, hash, detectors, owner, event }: Sample): void {
    const to = this.#writer;
    to.number(time);
    to.word(hash);
    to.whole(this.#sets.of(detectors));
    const texts = this.#texts;
    to.whole(texts.of(owner));
    // What many samples have in common.
    to.whole(texts.of(event.gateway));
    to.whole(texts.of(event.clientIpTrust));
    to.whole(texts.of(event.method));
    to.whole(texts.of(event.route));
    to.whole(texts.of(event.endpointClass));
    to.whole(texts.of(event.outcome));
    to.whole(texts.of(event.country));
    to.whole(texts.of(event.userAgent));
    to.number(event.time - time);
    to.number(event.status);
    const { clientIp, clientKey, path, route, userId, requestId } = event;
    const isHex = requestId !== undefined && this.#readHex(requestId);
    to.byte(
      (clientIp === undefined ? 0 : has.ip) |
        (clientKey === undefined ? 0 : clientKey === clientIp ? has.sameKey : has.ownKey) |
        (path === route ? 0 : has.path) |
        (userId === undefined ? 0 : has.user) |
        (requestId === undefined ? 0 : isHex ? has.hexId : has.id),
    );
    if (clientIp !== undefined) to.text(clientIp);
    if (clientKey !== undefined && clientKey !== clientIp) to.text(clientKey);
    if (path !== route) to.text(path);
    if (userId !== undefined) to.text(userId);
    if (isHex) to.bytes(this.#hex);
    else if (requestId !== undefined) to.text(requestId);
  }

  /** Reads an id as most gateways write them, 32 digits: half as long in bytes. False for any other. */
  #readHex(id: string): boolean {
    const hex = this.#hex;
    if (id.length !== 2 * hex.length) return false;
    for (let i = 0; i < hex.length; i++) {
      const [high, low] = [digitOf(id.charCodeAt(2 * i)), digitOf(id.charCodeAt(2 * i + 1))];
      if (high < 0 || low < 0) return false;
      hex[i] = high * 16 + low;
    }
    return true;
  }
}

// helpers

/** What a hexadecimal digit stands for; -1 for any other character. */
function digitOf(unit: number): number {
  if (unit >= 48 && unit <= 57) return unit - 48;
  return unit >= 97 && unit <= 102 ? unit - 87 : -1;
}

/** Different values, numbered as they come. */
class Numbering<T> {
  readonly values: T[];
  readonly #numbers: Map<T, number>;

  constructor(values: readonly T[] = []) {
    this.values = [...values];
    this.#numbers = new Map(values.map((value, i) => [value, i]));
  }

  of(value: T): number {
    const known = this.#numbers.get(value);
    if (known !== undefined) return known;
    this.#numbers.set(value, this.values.length);
    return this.values.push(value) - 1;
  }
}

function read({ starts, bytes, texts, sets }: Chunk, place: number): Sample {
  const from = new ByteReader(bytes.subarray(starts[place]));
  const text = () => texts[from.whole()];
  const time = from.number();
  const hash = from.word();
  const detectors = sets[from.whole()]!;
  const owner = text();
  const [gateway, clientIpTrust, method, route] = [text()!, text() as EvidenceEvent["clientIpTrust"], text()!, text()!];
  const endpointClass = text() as EvidenceEvent["endpointClass"];
  const outcome = text() as EvidenceEvent["outcome"];
  const [country, userAgent] = [text(), text()];
  const [later, status] = [from.number(), from.number()];
  const flags = from.byte();
  const clientIp = flags & has.ip ? from.text() : undefined;
  const clientKey = flags & has.ownKey ? from.text() : flags & has.sameKey ? clientIp : undefined;
  const path = flags & has.path ? from.text() : route;
  const userId = flags & has.user ? from.text() : undefined;
  const requestId =
    flags & has.hexId ? Buffer.from(from.bytes(16)).toString("hex") : flags & has.id ? from.text() : undefined;
  return {
    ...{ time, hash, detectors, owner },
    event: {
      ...{ time: time + later, gateway, clientIp, clientKey, clientIpTrust, method, path, route, endpointClass },
      ...{ status, outcome, userId, country, userAgent, requestId },
    },
  };
}
