import { z } from "zod";
import type { Cursor } from "./api-services.ts";

const cursor = z
  .string()
  .regex(/^\d{1,16}_[\w-]{1,80}$/, { error: "expected the `next` of an earlier answer" })
  .transform(readCursor);

/** The query parameters of every list. */
export const pagingQuery = {
  limit: z.coerce.number().int().min(1).max(200).default(50).meta({ description: "How many at most, up to 200" }),
  before: cursor.optional().meta({ description: "Continues a list: the `next` of the answer before" }),
};

/** The `next` of every list's answer. */
export const nextField = z
  .string()
  .nullable()
  .meta({ description: "Pass it as `before` for what follows; null at the end" });

/**
 * One page of a list. Asks for one item more than is shown, to know whether anything follows;
 * `cursorOf` names an item's place.
 */
export async function readPage<T>(options: {
  readonly limit: number;
  readonly read: (limit: number) => Promise<readonly T[]>;
  readonly cursorOf: (item: T) => Cursor;
}): Promise<{ items: readonly T[]; next: string | null }> {
  const read = await options.read(options.limit + 1);
  const items = read.slice(0, options.limit);
  const last = items.at(-1);
  return { items, next: read.length > items.length && last ? writeCursor(options.cursorOf(last)) : null };
}

// helpers

function writeCursor({ time, id }: Cursor): string {
  return `${time}_${id}`;
}

function readCursor(text: string): Cursor {
  const cut = text.indexOf("_");
  return { time: Number(text.slice(0, cut)), id: text.slice(cut + 1) };
}
