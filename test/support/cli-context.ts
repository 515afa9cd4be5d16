import { EventEmitter } from "node:events";
import { Readable, Writable } from "node:stream";
import { pino } from "pino";
import type { CliContext } from "../../src/cli/cli-context.ts";
import type { Environment } from "../../src/config.ts";
import { TestClock } from "./test-clock.ts";

/** A context for commands that keeps what they print; `given` takes the place of parts of it. */
export function testCliContext(given: Partial<CliContext> & { readonly env?: Environment } = {}) {
  const printed = { stdout: "", stderr: "" };
  const logged: Record<string, unknown>[] = [];
  const exits: number[] = [];
  const context: CliContext = {
    env: {},
    clock: new TestClock(),
    stdin: () => Readable.from([]),
    stdout: (text) => void (printed.stdout += text),
    stderr: (text) => void (printed.stderr += text),
    output: () =>
      new Writable({
        write(chunk: Buffer, _encoding, done) {
          printed.stdout += chunk.toString("latin1");
          done();
        },
      }),
    stderrIsTerminal: false,
    signals: new EventEmitter(),
    exit: (code) => void exits.push(code),
    fetch: () => Promise.reject(new Error("no service in this test")),
    createLog: ({ level }) =>
      pino({ level }, { write: (line) => void logged.push(JSON.parse(line) as (typeof logged)[0]) }),
    startApp: () => Promise.reject(new Error("no service in this test")),
    runTry: () => Promise.reject(new Error("no logs in this test")),
    ...given,
  };
  return { context, printed, logged, exits };
}
