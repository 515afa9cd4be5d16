import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { runCli } from "../../src/cli/cli.ts";
import type { CliContext, TryOptions } from "../../src/cli/cli-context.ts";
import { configJsonSchema } from "../../src/config-schema.ts";
import { testCliContext } from "../support/cli-context.ts";
import { tempDirectory } from "../support/temp-directory.ts";

describe("the frame", () => {
  test("--help lists every command", async () => {
    const { code, stdout } = await cli(["--help"]);
    expect(code).toBe(0);
    for (const name of [
      "run",
      "check",
      "try",
      "explain",
      "endpoints",
      "stop-blocking",
      "why",
      "incidents",
      "decisions",
      "report",
      "token",
      "schema",
    ]) {
      expect(stdout).toMatch(new RegExp(`^  ${name}\\b`, "m"));
    }
  });

  test("a misspelt command starts nothing, and is guessed", async () => {
    const { code, stderr } = await cli(["stop-bloking"]);
    expect(code).toBe(1);
    expect(stderr).toContain("Did you mean stop-blocking?");
  });

  test("without a command the service runs", async () => {
    const { code, stderr } = await cli(["--config", "/no/such.yaml"]);
    expect(code).toBe(2);
    expect(stderr).toContain("/no/such.yaml can't be read (ENOENT). [CONFIG_NOT_FOUND]");
  });

  test("a bug is exit code 1, with its stack", async () => {
    const { code, stderr } = await cli(["try", "access.log"]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^gatewatch: Error: no logs in this test\n {4}at /);
  });
});

describe("check", () => {
  test("counts what is there", async () => {
    const { code, stdout } = await cli(["-c", config("detectors: { payment-storm: { mode: off } }\n"), "check"]);
    expect(stdout).toMatch(/is good: 1 source, 0 endpoints, \d+ detectors \(1 off\), \d+ runbooks?, 0 teams,/);
    expect(code).toBe(0);
  });

  test("opens geo databases of one's own", async () => {
    const { code, stderr } = await cli(["-c", config("geo: { database: [missing.mmdb, default] }\n"), "check"]);
    expect(code).toBe(2);
    expect(stderr).toContain("missing.mmdb can't be used: there is no such file");
    expect(stderr).toContain("[GEO_INVALID]");
  });

  test("prints every problem with place, expectation and example; exit code 2", async () => {
    const file = config("servce: {}\ndetect: { lateness: 10 }\n");
    const { code, stderr } = await cli(["-c", file, "check"]);
    expect(code).toBe(2);
    expect(stderr.replaceAll(file, "FILE")).toMatchInlineSnapshot(`
      "gatewatch: The configuration FILE has 2 problems. [CONFIG_INVALID]

        FILE:2: servce
          unknown key; did you mean \`service\`?
          for example  service: { dataDirectory: ./data }

        FILE:3: detect.lateness
          expected text (How long after its time an event may still change what is sealed), found a number
          for example  lateness: 10s

      Mend what is listed; every key is explained in docs/configuration.md.
      "
    `);
  });

  test("a file's name can't write to the terminal", async () => {
    const { stderr } = await cli(["-c", "/no/\u001b[2J\u202eevil", "check"]);
    expect(stderr).toContain("/no/?[2J?evil");
  });
});

describe("stop-blocking", () => {
  test("makes the file with who and when, and --resume removes it", async () => {
    const file = config('service: { dataDirectory: state }\nchannels: { s: { type: slack, url: "${NOT_SET}" } }\n');
    const switchFile = join(file, "../state/stop-blocking");
    expect((await cli(["-c", file, "stop-blocking"])).code).toBe(0);
    expect(readFileSync(switchFile, "utf8")).toMatch(/^Blocking was stopped by \S+ at 2026-08-22T09:00:00.000Z\./);
    expect((await cli(["-c", file, "stop-blocking", "--resume"])).code).toBe(0);
    expect(existsSync(switchFile)).toBe(false);
    expect((await cli(["-c", file, "stop-blocking", "--resume"])).code).toBe(0);
  });

  test("says so when the directory can't be written", async () => {
    const file = config(`service: { dataDirectory: ./gatewatch.yaml }\n`);
    const { code, stderr } = await cli(["-c", file, "stop-blocking"]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/stop-blocking can't be written \(\w+\)\. \[COMMAND_FAILED\]/);
  });
});

test("token prints a new token, and the hash that belongs in the configuration", async () => {
  const [first, second] = [await cli(["token"]), await cli(["token"])];
  const token = /^token: {2}(\S+)$/m.exec(first.stdout)?.[1] ?? "";
  expect(token).toMatch(/^gw_[\w-]{43}$/);
  const hash = createHash("sha256").update(token).digest("hex");
  expect(first.stdout).toContain(`- { name: NAME, role: viewer, sha256: ${hash} }`);
  expect(second.stdout).not.toContain(token);
});

test("schema prints the JSON Schema", async () => {
  const { stdout } = await cli(["schema"]);
  expect(JSON.parse(stdout)).toEqual(JSON.parse(JSON.stringify(configJsonSchema())));
});

describe("try", () => {
  test.for([
    ["alone", ["try", "a.log", "b.log.gz"], { files: ["a.log", "b.log.gz"], format: "auto", json: false }],
    [
      "with options",
      ["-c", "x.yaml", "try", "a", "--format", "kong", "--time-zone", "+02:00", "--json"],
      { files: ["a"], format: "kong", timeZone: "+02:00", json: true, configFile: "x.yaml" },
    ],
  ] as const)("%s", async ([, args, expected]) => {
    const seen: TryOptions[] = [];
    const runTry = (options: TryOptions) => {
      seen.push(options);
      return Promise.resolve(0);
    };
    expect((await cli([...args], { runTry })).code).toBe(0);
    expect(seen).toEqual([{ configFile: undefined, ...expected }]);
  });
});

// helpers

async function cli(args: readonly string[], given: Partial<CliContext> = {}) {
  const { context, printed } = testCliContext(given);
  const code = await runCli(args, context);
  return { code, ...printed };
}

function config(text: string): string {
  const file = join(tempDirectory(), "gatewatch.yaml");
  writeFileSync(file, `sources: [{ name: in, type: stdin }]\n${text}`);
  return file;
}
