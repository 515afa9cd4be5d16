import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { runCli } from "../../src/cli/cli.ts";
import { testCliContext } from "./cli-context.ts";
import { arrivedAt } from "./normalizing.ts";
import { tempDirectory } from "./temp-directory.ts";
import { TestClock } from "./test-clock.ts";

/** What one line of `explain --json` has. */
export interface ExplainedLine {
  readonly format: string;
  readonly envelopes: readonly string[];
  readonly event: Readonly<Record<string, unknown>> | null;
  readonly rejected: { readonly reason: string; readonly detail: string } | null;
}

export interface Explaining {
  /** Of the command, `explain` and the configuration aside. */
  readonly args?: readonly string[];
  /** Standard input, in its chunks. */
  readonly stdin?: readonly (string | Uint8Array)[];
  /** The configuration; `undefined`: none is named. */
  readonly config?: string | undefined;
}

/** Runs `gatewatch explain`, a little later than the golden records were written. */
export async function explained({ args = [], stdin = [], config = noGeo }: Explaining) {
  const { context, printed } = testCliContext({
    clock: new TestClock(new Date(arrivedAt).toISOString()),
    stdin: () => Readable.from(stdin.map((chunk) => Buffer.from(chunk as string))),
  });
  const configFile = join(tempDirectory(), "gatewatch.yaml");
  writeFileSync(configFile, config);
  const code = await runCli(["--config", configFile, "explain", ...args], context);
  return { code, ...printed };
}

/** The same with `--json`, its lines parsed. */
export async function explainedAsJson(explaining: Explaining) {
  const { stdout, ...rest } = await explained({ ...explaining, args: ["--json", ...(explaining.args ?? [])] });
  const lines = stdout.split("\n").filter((line) => line !== "");
  return { ...rest, stdout, lines: lines.map((line) => JSON.parse(line) as ExplainedLine) };
}

/** Geo comes from the logs alone. */
const noGeo = "geo: { database: none }\n";
