import type { SimulatedRecord } from "./simulation.ts";

/** Where simulated lines go. */
export interface Sink {
  /** Resolves when there is room for more; rejects with a `GatewatchError` when they can't be written. */
  write(records: readonly SimulatedRecord[]): Promise<void>;
  /** Resolves when everything is written. */
  close(): Promise<void>;
}

/** The lines, each with its end. They are plain ASCII, so that each character is a byte. */
export function bytesOf(records: readonly SimulatedRecord[]): Buffer {
  let text = "";
  for (let i = 0; i < records.length; i++) text += `${records[i]!.line}\n`;
  return Buffer.from(text, "latin1");
}
