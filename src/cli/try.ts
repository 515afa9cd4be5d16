import { createReadStream } from "node:fs";
import { createMetrics } from "../metrics.ts";
import { silentLog } from "../log.ts";
import { createNormalizer } from "../normalize/normalizer.ts";
import type { RawBatch, SourceIo } from "../source/raw-batch.ts";
import { StdinSource } from "../source/stdin-source.ts";
import type { CliContext, TryOptions } from "./cli-context.ts";
import { terminalText } from "./terminal-text.ts";

/** `gatewatch try FILE…`: reads logs, starts nothing, sends nothing, and prints what it made of them. */
export async function runTry(options: TryOptions, context: CliContext): Promise<number> {
  const normalizer = createNormalizer({
    sources: new Map(options.files.map((file) => [file, { gateway: file, format: options.format }])),
    ...{ formats: {}, metrics: createMetrics(), geo: undefined, privacy: {} },
    ...{ endpoints: [], proxies: { trusted: [], clientIpFrom: "auto" as const }, redact: { parameters: [] } },
  });
  let read = 0;
  for (const file of options.files) {
    const ended = Promise.withResolvers<void>();
    const io: SourceIo = {
      handle: (batch: RawBatch) => {
        read += normalizer.normalize(batch).events.length;
        return Promise.resolve();
      },
      assigned() {},
      revoked: () => Promise.resolve(),
      resumeAt: () => undefined,
      ended: () => ended.resolve(),
      trouble() {},
    };
    const config = { name: file, type: "stdin", format: options.format, gateway: file, maxRecordBytes: 1024 ** 2 };
    const source = new StdinSource({
      config: { ...config, type: "stdin", silentAfter: "never" },
      stream: createReadStream(file),
      ...{ clock: context.clock, log: silentLog },
    });
    await source.start(io);
    await ended.promise;
    context.stdout(`${terminalText(file)}: ${normalizer.formatOf(file) ?? "unknown format"}, ${read} lines read\n`);
  }
  return read === 0 ? 2 : 0;
}
