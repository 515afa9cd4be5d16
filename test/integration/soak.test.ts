import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { kcatMissing } from "../support/kcat.ts";

const missing = kcatMissing();

test.skipIf(missing)(`the soak runs, samples and judges${missing ? ` (${missing})` : ""}`, async ({ skip }) => {
  const options = ["scripts/soak.ts", "--minutes", "0.35", "--rate", "300", "--partitions", "2"];
  const { stdout } = await promisify(execFile)(process.execPath, options).catch(
    (error: { stdout: string; stderr: string; code: number }) => {
      skip(error.code === 2 && !process.env["CI"], error.stderr);
      throw new Error(`${error.stdout}\n${error.stderr}`);
    },
  );
  const rows = stdout.split("\n").filter((line) => /^\s+\d+:\d\d /.test(line));
  expect(rows.length).toBeGreaterThanOrEqual(8);
  for (const name of ["throughput", "lag", "memory", "event loop"])
    expect(stdout).toMatch(new RegExp(`^ok +${name}:`, "m"));
  expect(stdout).toContain("It holds.");
});
