import { GatewatchError } from "../errors.ts";
import type { SimulatedRecord } from "./simulation.ts";

/** Where simulated lines go. */
export interface Sink {
  /** Resolves when there is room for more; rejects with a `GatewatchError` when they, or those before, can't be written. */
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

/** What a file or stream ends with that takes no more. */
export function cantBeWritten(name: string, cause: NodeJS.ErrnoException): GatewatchError {
  return new GatewatchError("COMMAND_FAILED", `${name} can't be written (${cause.code ?? cause.message}).`, {
    remedy: "Name a file in a folder that is there, on a disk with room.",
    cause,
  });
}
