import type { Writable } from "node:stream";
import type { GatewatchError } from "../errors.ts";
import { bytesOf, cantBeWritten, type Sink } from "./sink.ts";

const name = "standard output";

/** Standard output as a stream. It waits for a slow reader, and is left open. */
export function outputSink(stream: Writable): Sink {
  let failure: GatewatchError | undefined;
  stream.on("error", (cause: NodeJS.ErrnoException) => {
    failure = cantBeWritten(name, cause);
  });
  const failed = () => {
    if (failure !== undefined) throw failure;
  };
  return {
    async write(records) {
      failed();
      if (stream.write(bytesOf(records))) return;
      await new Promise<void>((resolve) => {
        const go = () => {
          for (const event of ["drain", "error", "close"]) stream.off(event, go);
          resolve();
        };
        for (const event of ["drain", "error", "close"]) stream.on(event, go);
      });
      failed();
    },
    async close() {
      failed();
    },
  };
}
