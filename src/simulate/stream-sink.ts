import { createWriteStream } from "node:fs";
import type { Writable } from "node:stream";
import { finished } from "node:stream/promises";
import { GatewatchError } from "../errors.ts";
import { bytesOf, type Sink } from "./sink.ts";

/** A file, written anew. */
export function fileSink(path: string): Sink {
  return streamSink(createWriteStream(path), { name: path, ends: true });
}

/** A stream such as standard output, which is left open. */
export function outputSink(stream: Writable): Sink {
  return streamSink(stream, { name: "standard output", ends: false });
}

// helpers

function streamSink(stream: Writable, { name, ends }: { name: string; ends: boolean }): Sink {
  let failure: GatewatchError | undefined;
  stream.on("error", (cause: NodeJS.ErrnoException) => {
    failure = new GatewatchError("COMMAND_FAILED", `${name} can't be written (${cause.code ?? cause.message}).`, {
      remedy: "Name a file in a folder that is there, on a disk with room.",
      cause,
    });
  });
  return {
    async write(records) {
      if (failure !== undefined) throw failure;
      if (stream.write(bytesOf(records))) return;
      await new Promise<void>((resolve) => {
        const go = () => {
          for (const event of ["drain", "error", "close"]) stream.off(event, go);
          resolve();
        };
        for (const event of ["drain", "error", "close"]) stream.on(event, go);
      });
      if (failure !== undefined) throw failure as GatewatchError;
    },
    async close() {
      if (ends && failure === undefined) {
        stream.end();
        // What goes wrong at the end has been heard above.
        await finished(stream).catch(() => undefined);
      }
      if (failure !== undefined) throw failure;
    },
  };
}
