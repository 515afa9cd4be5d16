import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { describe, expect, test } from "vitest";
import { runCheck } from "../../src/cli/check.ts";
import { GatewatchError, type Problem } from "../../src/errors.ts";
import { testCliContext } from "../support/cli-context.ts";

// Each file names its fault, and says in `expect: PATH: MESSAGE` comments what `check` must tell:
// the path as it is, and a part of the message. No other problem may be told.
const broken = join(import.meta.dirname, "../fixtures/broken");

test("there are at least 24 of them", () => {
  const count = ["config", "detectors", "runbooks"].flatMap((kind) => readdirSync(join(broken, kind))).length;
  expect(count).toBeGreaterThanOrEqual(24);
});

describe("a broken configuration", () => {
  test.for(filesOf("config"))("%s", async (name) => {
    const file = join(broken, "config", name);
    const error = await check(file);
    expect(error.exitCode).toBe(2);
    expectExplained(error.problems, file);
  });
});

describe.each([
  ["detectors", "every-detector.yaml"],
  ["runbooks", "every-runbook.yaml"],
])("broken %s", (kind, config) => {
  const checked = check(join(broken, config));
  test.for(filesOf(kind))("%s", async (name) => {
    const error = await checked;
    expect(error.exitCode).toBe(2);
    const file = join(broken, kind, name);
    expectExplained(
      error.problems.filter((problem) => basename(problem.file) === name),
      file,
    );
  });
});

// helpers

function filesOf(kind: string): string[] {
  return readdirSync(join(broken, kind)).sort();
}

async function check(file: string): Promise<GatewatchError> {
  const error: unknown = await runCheck(file, testCliContext().context).catch((thrown: unknown) => thrown);
  if (error instanceof GatewatchError) return error;
  throw new Error(`${file}: check found nothing wrong`, { cause: error });
}

function expectExplained(problems: readonly Problem[], file: string): void {
  const text = readFileSync(file, "utf8");
  const wanted = [...text.matchAll(/expect: (.*?): ?(.*?)(?: -->)?$/gm)].map(([, path, part]) => ({ path, part }));
  expect(wanted, "the file says what is expected").not.toEqual([]);
  const told = problems.map(({ path, message }) => ({ path, message }));
  const matching = wanted.map(({ path, part }) => ({ path, message: expect.stringContaining(part ?? "") as string }));
  expect(told).toHaveLength(wanted.length);
  expect(told).toEqual(expect.arrayContaining(matching));
  const lines = problems.map(({ line }) => line ?? 1);
  expect(Math.max(...lines)).toBeLessThanOrEqual(text.split("\n").length);
}
