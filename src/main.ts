import { runCli } from "./cli/cli.ts";
import { describeError } from "./cli/describe-error.ts";
import { systemClock } from "./clock.ts";
import { readEnvironment } from "./config.ts";
import { createLog } from "./log.ts";

// Until a command says otherwise: should the process run dry while one waits, that is no success.
process.exitCode = 1;

// A reader that went away (`gatewatch schema | head`) is no error of ours.
process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 1));

// `run` listens, too, before this, and writes it to the service's log.
process.on("unhandledRejection", crash);
process.on("uncaughtException", crash);

void runCli(process.argv.slice(2), {
  env: readEnvironment(),
  clock: systemClock,
  stdin: () => process.stdin,
  stdout: (text) => process.stdout.write(text),
  stderr: (text) => process.stderr.write(text),
  output: () => process.stdout,
  stderrIsTerminal: process.stderr.isTTY,
  signals: process,
  exit: (code) => process.exit(code),
  fetch,
  createLog,
  // Loaded when they are wanted: `gatewatch token` need not load a database.
  startApp: async (options) => (await import("./start-role.ts")).startRole(options),
  runTry: async (options, context) => (await import("./cli/try.ts")).runTry(options, context),
}).then(async (code) => {
  // A pipe takes 64 KiB at a time, and the end would cut off the rest.
  for (const stream of [process.stdout, process.stderr]) await new Promise((flushed) => stream.write("", flushed));
  process.exit(code);
});

function crash(error: unknown): void {
  process.stderr.write(describeError(error));
  process.exit(1);
}
