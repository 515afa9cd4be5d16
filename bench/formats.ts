import { Worker } from "node:worker_threads";
import { formatCases } from "../test/support/format-cases.ts";

/** How fast one format is. */
export interface FormatFigures {
  /** A line to all that the format reads of it, checked and converted, as a ratio to `JSON.parse` alone. */
  readonly read: number;
  /** A line to an access event, as a ratio to `JSON.parse` alone. */
  readonly normalize: number;
  /** Access events a second. */
  readonly eventsPerSecond: number;
}

/** Every format by its id, those that have to be described among them, in the order of the list. */
export const benchedFormats: readonly { readonly id: string; readonly kind: "json" | "text" }[] = formatCases.map(
  ({ id, format }) => ({ id, kind: format.kind }),
);

/** The best of so many chunks of each format; `show` is told as each is done. */
export async function measureFormats(
  chunks: number,
  show: (id: string, figures: FormatFigures) => void,
): Promise<Record<string, FormatFigures>> {
  const all: Record<string, FormatFigures> = {};
  for (const { id } of benchedFormats) {
    all[id] = await measureAlone(id, chunks);
    show(id, all[id]);
  }
  return all;
}

// helpers

/** In a thread of its own: in one where twenty other formats ran before, none is compiled as in a service that reads two. */
function measureAlone(id: string, chunks: number): Promise<FormatFigures> {
  const worker = new Worker(new URL("format-worker.ts", import.meta.url), { workerData: { id, chunks } });
  return new Promise((resolve, reject) => {
    worker.once("message", resolve);
    worker.once("error", reject);
  });
}
