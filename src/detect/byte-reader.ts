/** Bytes that are not what they should be: what was expected, and where. */
export class BytesError extends Error {
  override readonly name = "BytesError";
}

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Reads what `ByteWriter` wrote, of bytes that may be anything: whatever is cut off or no such thing is a
 * `BytesError`, and no room is made for more than there are bytes.
 */
export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    // Parts of a plain array take a third of the time that parts of a `Buffer` do.
    this.#bytes = bytes instanceof Buffer ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength) : bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  byte(): number {
    if (this.#at >= this.#bytes.length) this.#fail("a byte");
    return this.#bytes[this.#at++]!;
  }

  whole(): number {
    const first = this.byte();
    if (first < 0x80) return first;
    let value = first & 0x7f;
    for (let times = 128; ; times *= 128) {
      const next = this.byte();
      value += (next & 0x7f) * times;
      if (next < 0x80) break;
      if (times >= 2 ** 49) this.#fail("a whole number");
    }
    return value <= Number.MAX_SAFE_INTEGER ? value : this.#fail("a whole number");
  }

  /** A whole number that is below `end`. */
  below(end: number, what: string): number {
    const value = this.whole();
    return value < end ? value : this.#fail(what);
  }

  /** How many things follow that take at least so many bytes each. */
  count(leastBytes: number, what: string): number {
    const count = this.whole();
    return count * leastBytes <= this.#bytes.length - this.#at ? count : this.#fail(what);
  }

  word(): number {
    this.#needs(4);
    const value = this.#view.getUint32(this.#at, true);
    this.#at += 4;
    return value;
  }

  number(): number {
    const value = this.whole();
    if (value % 2 === 0) return value % 4 === 0 ? value / 4 : -(value + 2) / 4;
    if (value !== 1) this.#fail("a number");
    this.#needs(8);
    const double = this.#view.getFloat64(this.#at, true);
    this.#at += 8;
    return double;
  }

  text(): string {
    const bytes = this.sized();
    try {
      return decoder.decode(bytes);
    } catch {
      return this.#fail("a text");
    }
  }

  /** What `sized` wrote; a view, no copy. */
  sized(): Uint8Array {
    return this.bytes(this.whole());
  }

  bytes(length: number): Uint8Array {
    this.#needs(length);
    const bytes = this.#bytes.subarray(this.#at, this.#at + length);
    this.#at += length;
    return bytes;
  }

  /** All that is left; a view, no copy. */
  rest(): Uint8Array {
    return this.bytes(this.#bytes.length - this.#at);
  }

  /** What was read is none of what it may be. */
  fail(what: string): never {
    return this.#fail(what);
  }

  #fail(what: string): never {
    throw new BytesError(`expected ${what} before byte ${this.#at} of ${this.#bytes.length}`);
  }

  #needs(bytes: number): void {
    if (bytes > this.#bytes.length - this.#at) this.#fail(`${bytes} bytes more`);
  }
}
