import { readdirSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { expect, test } from "vitest";
import { loadConfig } from "../src/config.ts";
import { loadRules, readRules } from "../src/load-rules.ts";
import { temporaryDirectory } from "./support/temporary-directory.ts";

const shipped = readdirSync(join(import.meta.dirname, "../detectors"))
  .toSorted()
  .map((name) => basename(name, ".ts"));

/** A configuration with these lines beside its source. */
async function aConfig(lines: string, files: Readonly<Record<string, string>> = {}) {
  const directory = temporaryDirectory();
  for (const folder of ["detectors", "runbooks"]) await mkdir(join(directory, folder));
  for (const [name, text] of Object.entries(files)) await writeFile(join(directory, name), text);
  const file = join(directory, "gatewatch.yaml");
  await writeFile(file, `sources: [{ name: in, type: stdin }]\n${lines}`);
  return { file, config: await loadConfig(file, {}) };
}

test("without a word about them: all that are shipped, by their defaults", async () => {
  const { file, config } = await aConfig("");
  const { detectors, runbooks } = await loadRules(config, file);
  expect(detectors.map(({ definition, mode }) => [definition.id, mode])).toEqual(shipped.map((id) => [id, "active"]));
  for (const id of shipped) expect(runbooks.map((runbook) => runbook.id)).toContain(id);
});

test("with settings: parameters and modes", async () => {
  const { file, config } = await aConfig(
    "detectors: { country-surge: { mode: off }, payment-storm: { mode: dry-run }, credential-stuffing: { params: { failures: 5 } } }",
  );
  const { detectors } = await loadRules(config, file);
  expect(detectors.map(({ definition }) => definition.id)).toEqual(shipped.filter((id) => id !== "country-surge"));
  expect(detectors.find(({ definition }) => definition.id === "payment-storm")!.mode).toBe("dry-run");
  expect(detectors.find(({ definition }) => definition.id === "credential-stuffing")!.params).toMatchObject({ failures: 5 });
}); // prettier-ignore

test("everything that is wrong is told at once, as a value or thrown", async () => {
  const { file, config } = await aConfig(
    "detectors: { directories: [./detectors] }\nrunbooks: { directories: [./runbooks] }",
    { "detectors/bad.ts": "export const x = 1;\n", "runbooks/bad.md": "no front matter\n" },
  );
  const read = await readRules(config, file);
  const files = ("problems" in read ? read.problems : []).map((problem) => problem.file.replace(/^.*\//, ""));
  expect(new Set(files)).toEqual(new Set(["bad.ts", "bad.md"]));
  await expect(loadRules(config, file)).rejects.toMatchObject({
    exitCode: 2,
    problems: expect.any(Array) as unknown[],
  });
});

test("settings of a detector that doesn't exist, or that it doesn't know, are told", async () => {
  const unknown = await aConfig("detectors: { credential-stufing: { mode: off } }");
  expect(await readRules(unknown.config, unknown.file)).toMatchObject({ problems: [{ path: "detectors.credential-stufing" }] });
  const wrong = await aConfig("detectors: { credential-stuffing: { params: { failures: many } } }");
  expect(await readRules(wrong.config, wrong.file)).toMatchObject({
    problems: [{ path: "detectors.credential-stuffing.params.failures" }],
  });
}); // prettier-ignore
