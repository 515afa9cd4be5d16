import { execFile } from "node:child_process";
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { tempDirectory } from "../support/temp-directory.ts";

// The real process, from source: what the other tests of the command line call in process.

const root = join(import.meta.dirname, "../..");

describe("gatewatch", () => {
  test("check of a broken configuration explains it, and ends with 2", async () => {
    const file = join(root, "test/fixtures/broken/config/kafka-without-brokers.yaml");
    const { code, stdout, stderr } = await gatewatch(["--config", file, "check"]);
    expect(code).toBe(2);
    expect(stdout).toBe("");
    expect(stderr).toContain("kafka-without-brokers.yaml:3: sources[0].brokers\n    is missing; expected a list");
    expect(stderr).toContain("for example  brokers: [ kafka-1:9092 ]");
  });

  test("check of a good one ends with 0; its secrets come from the environment", async () => {
    const file = join(tempDirectory(), "gatewatch.yaml");
    writeFileSync(file, 'sources: [{ name: in, type: stdin }]\nprivacy: { pseudonymKey: "${TEST_KEY}" }\n');
    const env = { TEST_KEY: "0123456789abcdef" };
    expect(await gatewatch(["-c", file, "check"], env)).toMatchObject({ code: 0, stderr: "" });
    expect(await gatewatch(["-c", file, "check"])).toMatchObject({ code: 2 });
  });

  test("a detector of one's own, in any folder, needs nothing installed", async () => {
    const folder = tempDirectory();
    mkdirSync(join(folder, "detectors"));
    copyFileSync(join(root, "test/fixtures/own-detector.txt"), join(folder, "detectors/many-promos.ts"));
    const file = join(folder, "gatewatch.yaml");
    writeFileSync(file, "sources: [{ name: in, type: stdin }]\ndetectors: { directories: [./detectors] }\n");
    const { code, stdout, stderr } = await gatewatch(["-c", file, "check"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toContain(`${readdirSync(join(root, "detectors")).length + 1} detectors`);
    expect(stdout).toContain("no runbook names the detector many-promos");
  });

  test("a detector of one's own that does not do what its examples say is no good", async () => {
    const folder = tempDirectory();
    mkdirSync(join(folder, "detectors"));
    const text = readFileSync(join(root, "test/fixtures/own-detector.txt"), "utf8").replace("times: 30", "times: 10");
    writeFileSync(join(folder, "detectors/many-promos.ts"), text);
    const file = join(folder, "gatewatch.yaml");
    writeFileSync(file, "sources: [{ name: in, type: stdin }]\ndetectors: { directories: [./detectors] }\n");
    const { code, stderr } = await gatewatch(["-c", file, "check"]);
    expect(code).toBe(2);
    expect(stderr).toContain('examples "many"');
    expect(stderr).toContain("the detector stays silent, and is expected to fire");
  });

  test("what it prints is whole although it ends at once", async () => {
    const { code, stdout } = await gatewatch(["schema"]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toHaveProperty("properties.sources");
  });

  test("also when it is more than a pipe holds", async () => {
    const file = join(tempDirectory(), "openapi.json");
    const paths = Object.fromEntries(Array.from({ length: 5_000 }, (_, i) => [`/path/${i}`, { get: {} }]));
    writeFileSync(file, JSON.stringify({ openapi: "3.1.0", paths }));
    const { code, stdout } = await gatewatch(["endpoints", "import", file]);
    expect(code).toBe(0);
    expect(stdout).toContain("route: /path/4999\n");
  });
});

// helpers

function gatewatch(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const node = join(root, "node_modules/.bin/node");
  return new Promise<{ code: number; stdout: string; stderr: string }>((resolve) => {
    const options = { env: { PATH: process.env.PATH, ...env }, maxBuffer: 16 * 1024 * 1024 };
    const child = execFile(node, [join(root, "src/main.ts"), ...args], options, (_error, stdout, stderr) =>
      resolve({ code: child.exitCode ?? -1, stdout, stderr }),
    );
  });
}
