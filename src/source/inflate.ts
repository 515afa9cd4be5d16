import { Readable } from "node:stream";
import { createGunzip } from "node:zlib";

const chunkBytes = 1024 ** 2;

/** Whether bytes begin as a gzip stream does (RFC 1952). */
export function isGzip(head: Uint8Array): boolean {
  return head[0] === 0x1f && head[1] === 0x8b;
}

/**
 * The bytes of a stream, inflated when they begin as gzip (several members in a row, too). Throws
 * what zlib throws when they turn out broken, after all bytes before that. Never holds more than a
 * few chunks.
 */
export async function* inflated(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const iterator = chunks[Symbol.asyncIterator]();
  let head: Buffer = Buffer.alloc(0);
  let done = false;
  while (head.length < 2 && !done) {
    const next = await iterator.next();
    if (next.done) done = true;
    else head = head.length === 0 ? next.value : Buffer.concat([head, next.value]);
  }
  const whole = async function* () {
    if (head.length > 0) yield head;
    if (!done) yield* { [Symbol.asyncIterator]: () => iterator };
  };
  if (!isGzip(head)) {
    yield* whole();
    return;
  }
  const gunzip = createGunzip({ chunkSize: chunkBytes });
  const input = Readable.from(whole(), { objectMode: false });
  input.on("error", (error) => gunzip.destroy(error));
  try {
    yield* input.pipe(gunzip) as AsyncIterable<Buffer>;
  } finally {
    input.destroy();
    gunzip.destroy();
  }
}
