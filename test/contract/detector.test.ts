import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { loadDetectors } from "../../src/detect/load-detectors.ts";
import { runExample } from "../../src/detect/run-example.ts";

const folder = join(import.meta.dirname, "../../detectors");
const { detectors, problems } = await loadDetectors([folder]);

test("every shipped detector loads", () => {
  expect(problems).toEqual([]);
  expect(detectors).toHaveLength(readdirSync(folder).length);
});

describe.each(detectors.map(({ definition }) => [definition.id, definition] as const))("%s", (_, definition) => {
  test.for(definition.examples.map((example) => [example.name, example] as const))("%s", ([, example]) => {
    expect(runExample(definition, example).length > 0).toBe(example.fires);
  });

  test("refuses parameters it does not know", () => {
    expect(definition.params.safeParse({ nonsense: 1 }).success).toBe(false);
  });

  test("has a runbook", () => {
    expect(readdirSync(join(folder, "../runbooks"))).toContain(`${definition.id}.md`);
  });
});
