import { DefaultDeserializer, DefaultSerializer } from "node:v8";

/**
 * A state as bytes, in pieces with pauses in between, in which the process does other things: in one go, hundreds of
 * thousands of keys would stop everything for a quarter of a second, every few seconds, and all the bytes at once
 * would be as much memory again. The state must not change until the last piece is there; it is a copy. Objects that
 * the pieces share are one object again when they are read.
 */
export async function* stateInPieces(state: object): AsyncGenerator<Buffer, void> {
  const serializer = new DefaultSerializer();
  serializer.writeHeader();
  let written = 0;
  for (const { value, bytes } of piecesOf(state, 0)) {
    serializer.writeValue(value);
    written += bytes + smallBytes;
    if (written < bytesAtOnce) continue;
    written = 0;
    // It goes on with what it knows of objects it wrote, so that the pieces are one whole.
    yield serializer.releaseBuffer();
    await new Promise((resolve) => setImmediate(resolve));
  }
  yield serializer.releaseBuffer();
}

/** What `stateInPieces` wrote, all pieces as one. Throws when it is no such thing. */
export function readState(bytes: Buffer): unknown {
  const deserializer = new DefaultDeserializer(bytes);
  deserializer.readHeader();
  return readPiece(() => deserializer.readValue() as Piece);
}

// helpers

/** Some milliseconds' worth; what is no array of numbers counts as if it were so many of them. */
const bytesAtOnce = 512 * 1024;
const smallBytes = 2_048;
const entriesAtOnce = 500;
/** Down to here objects are taken apart; what is large in a state lies above. */
const deepest = 10;

/** What follows: so many values under these keys, in a list, a map or a list in parts; or a value as it is. */
type Piece =
  | { readonly keys: readonly string[] }
  | { readonly list: number }
  | { readonly mapIn: number }
  | { readonly listIn: number }
  | { readonly value: unknown };

interface Written {
  readonly value: unknown;
  readonly bytes: number;
}

const piece = (value: Piece): Written => ({ value, bytes: 0 });

function* piecesOf(value: unknown, depth: number): Generator<Written> {
  if (value instanceof Map && value.size > entriesAtOnce) {
    yield piece({ mapIn: Math.ceil(value.size / entriesAtOnce) });
    yield* partsOf([...(value as Map<unknown, unknown>)]);
  } else if (Array.isArray(value) && value.length > entriesAtOnce) {
    yield piece({ listIn: Math.ceil(value.length / entriesAtOnce) });
    yield* partsOf(value);
  } else if (Array.isArray(value) && depth < deepest) {
    yield piece({ list: value.length });
    for (const item of value) yield* piecesOf(item, depth + 1);
  } else if (isPlain(value) && depth < deepest) {
    const keys = Object.keys(value);
    yield piece({ keys });
    for (const key of keys) yield* piecesOf(value[key], depth + 1);
  } else {
    yield { value: { value }, bytes: ArrayBuffer.isView(value) ? value.byteLength : 0 };
  }
}

function* partsOf(entries: readonly unknown[]): Generator<Written> {
  for (let from = 0; from < entries.length; from += entriesAtOnce) {
    yield { value: entries.slice(from, from + entriesAtOnce), bytes: bytesAtOnce };
  }
}

function readPiece(next: () => unknown): unknown {
  const piece = next() as Piece;
  if ("value" in piece) return piece.value;
  if ("keys" in piece) return Object.fromEntries(piece.keys.map((key) => [key, readPiece(next)]));
  if ("list" in piece) return Array.from({ length: piece.list }, () => readPiece(next));
  const parts = Array.from({ length: "mapIn" in piece ? piece.mapIn : piece.listIn }, () => next() as unknown[]);
  return "mapIn" in piece ? new Map(parts.flat(1) as [unknown, unknown][]) : parts.flat();
}

function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}
