import { readFileSync } from "node:fs";
import { mkdtemp, mkdir, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { withDetectorDocs } from "../scripts/detector-docs.ts";
import type { DetectorDefinition } from "../src/detect/define-detector.ts";
import { loadDetectors } from "../src/detect/load-detectors.ts";
import { runExample } from "../src/detect/run-example.ts";

const root = join(import.meta.dirname, "..");
const page = readFileSync(join(root, "docs/detectors.md"), "utf8");
const { detectors } = await loadDetectors([join(root, "detectors")]);
const definitions = detectors.map(({ definition }) => definition);

describe("docs/detectors.md", () => {
  test("is up to date; else: node scripts/write-detector-docs.ts", () => {
    expect(page).toBe(withDetectorDocs(page, definitions));
  });

  test("says of each detector where its thresholds come from", () => {
    const sources = page.slice(page.indexOf("## Where the thresholds come from"), page.indexOf("## The shipped"));
    const named = [...sources.matchAll(/^\| `([a-z-]+)` \|/gm)].map((match) => match[1]);
    expect(new Set(named)).toEqual(new Set(definitions.map(({ id }) => id)));
  });

  test("its own example loads from a folder elsewhere, by the links it tells to make, and does what it says", async () => {
    const definition = await loadElsewhere(/```ts\n(.*?)```/s.exec(page)?.[1] ?? "");
    for (const example of definition.examples) {
      expect([example.name, runExample(definition, example).length > 0]).toEqual([example.name, example.fires]);
    }
  });

  test("every parameter of a shipped detector says what it means", () => {
    expect([...page.matchAll(/^\| `\w+` \| {2}\|/gm)]).toEqual([]);
  });
});

/** Saves a detector where an operator's own would be, and loads it. */
async function loadElsewhere(text: string): Promise<DetectorDefinition> {
  const directory = await mkdtemp(join(tmpdir(), "gatewatch-own-detector-"));
  onTestFinished(() => rm(directory, { recursive: true }));
  const id = /id: "([a-z-]+)"/.exec(text)?.[1] ?? "unnamed";
  await mkdir(join(directory, "detectors"));
  await writeFile(join(directory, "detectors", `${id}.ts`), text);
  await mkdir(join(directory, "node_modules"));
  await symlink(root, join(directory, "node_modules/gatewatch"));
  await symlink(join(root, "node_modules/zod"), join(directory, "node_modules/zod"));
  const loaded = await loadDetectors([join(directory, "detectors")]);
  expect(loaded.problems).toEqual([]);
  return loaded.detectors[0]!.definition;
}
