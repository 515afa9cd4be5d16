import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
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

  test("its example of one's own loads, and does what its examples say", async () => {
    const definition = await loadOwn(/```ts\n(.*?)```/s.exec(page)?.[1] ?? "");
    for (const example of definition.examples) {
      expect([example.name, runExample(definition, example).length > 0]).toEqual([example.name, example.fires]);
    }
  });

  test("every parameter of a shipped detector says what it means", () => {
    expect([...page.matchAll(/^\| `\w+` \| {2}\|/gm)]).toEqual([]);
  });
});

/**
 * Saves a detector in a folder elsewhere, and loads it. Vitest resolves imports by itself, so they are named in
 * full here; that the two names are found from any folder is held by test/cli/process.test.ts.
 */
async function loadOwn(text: string): Promise<DetectorDefinition> {
  const directory = await mkdtemp(join(tmpdir(), "gatewatch-own-detector-"));
  onTestFinished(() => rm(directory, { recursive: true }));
  const id = /id: "([a-z-]+)"/.exec(text)?.[1] ?? "unnamed";
  const places = { "gatewatch/detector": "src/detect/define-detector.ts", zod: "node_modules/zod/index.js" };
  const resolved = Object.entries(places).reduce(
    (code, [name, place]) => code.replace(`from "${name}"`, `from "${join(root, place)}"`),
    text,
  );
  await writeFile(join(directory, `${id}.ts`), resolved);
  const loaded = await loadDetectors([directory]);
  expect(loaded.problems).toEqual([]);
  return loaded.detectors[0]!.definition;
}
