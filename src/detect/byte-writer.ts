const firstBytes = 4_096;
/** Whole numbers up to here are written as such, in as few bytes as they need. */
const largestWhole = 2 ** 50;
/** The length of a shorter text is one byte. */
const longText = 128;

/** Writes numbers and texts one after the other into bytes that grow as they are needed; `ByteReader` reads them. */
export class ByteWriter {
  #bytes = Buffer.allocUnsafe(firstBytes);
  #length = 0;

  /** Bytes written. */
  get length(): number {
    return this.#length;
  }

  /** Forgets everything; the memory stays. */
  clear(): void {
    this.#length = 0;
  }

  byte(value: number): void {
    this.#room(1);
    this.#bytes[this.#length++] = value;
  }

  /** A whole number from 0 to 2^53 - 1: seven bits a byte, the lowest first. */
  whole(value: number): void {
    this.#room(8);
    let left = value;
    for (; left >= 0x8000_0000; left = Math.floor(left / 128)) this.#bytes[this.#length++] = (left & 0x7f) | 0x80;
    for (; left >= 0x80; left >>>= 7) this.#bytes[this.#length++] = (left & 0x7f) | 0x80;
    this.#bytes[this.#length++] = left;
  }

  /** 32 bits without a sign. */
  word(value: number): void {
    this.#room(4);
    this.#length = this.#bytes.writeUInt32LE(value >>> 0, this.#length);
  }

  /** Any number: a small whole one takes a byte, a fraction nine. */
  number(value: number): void {
    if (Number.isInteger(value) && Math.abs(value) < largestWhole && !Object.is(value, -0)) {
      this.whole(value >= 0 ? value * 4 : -value * 4 - 2);
      return;
    }
    this.whole(1);
    this.#room(8);
    this.#length = this.#bytes.writeDoubleLE(value, this.#length);
  }

  text(value: string): void {
    if (value.length < longText && this.#plain(value)) return;
    // A character is at most three bytes in UTF-8.
    const most = value.length * 3;
    this.whole(value.length);
    this.#room(most + 8);
    // Nearly all texts are of plain characters: then they are as many bytes.
    const written = this.#bytes.write(value, this.#length, "utf8");
    if (written === value.length) {
      this.#length += written;
      return;
    }
    this.#length -= bytesOf(value.length);
    this.whole(written);
    this.#bytes.write(value, this.#length, "utf8");
    this.#length += written;
  }

  bytes(value: Uint8Array): void {
    this.#room(value.length);
    this.#bytes.set(value, this.#length);
    this.#length += value.length;
  }

  /** How long something is, and then it. */
  sized(value: Uint8Array): void {
    this.whole(value.length);
    this.bytes(value);
  }

  /** What was written, to be read before anything else is written. */
  view(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  /** A copy of what was written. */
  take(): Buffer {
    return Buffer.from(this.view());
  }

  /** Writes a short text of plain characters here, which takes less than to ask the system; false when it has others. */
  #plain(value: string): boolean {
    this.#room(value.length + 1);
    const bytes = this.#bytes;
    let at = this.#length;
    bytes[at++] = value.length;
    for (let i = 0; i < value.length; i++) {
      const unit = value.charCodeAt(i);
      if (unit > 0x7f) return false;
      bytes[at++] = unit;
    }
    this.#length = at;
    return true;
  }

  #room(more: number): void {
    const needed = this.#length + more;
    if (needed <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(needed, this.#bytes.length * 2));
    larger.set(this.view());
    this.#bytes = larger;
  }
}

function bytesOf(whole: number): number {
  let bytes = 1;
  for (let left = whole; left >= 0x80; left = Math.floor(left / 128)) bytes++;
  return bytes;
}
