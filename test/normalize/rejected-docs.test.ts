import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { rejectReasons } from "../../src/normalize/access-event.ts";
import { formatNames } from "../../src/normalize/format-list.ts";

const docs = (name: string) => readFileSync(new URL(`../../docs/${name}`, import.meta.url), "utf8");

test("docs/rejected.md explains every reason, and no other", () => {
  const explained = [...docs("rejected.md").matchAll(/^\| `(\w+)`/gm)].map(([, reason]) => reason);
  expect(explained).toEqual([...rejectReasons]);
});

test("docs/formats.md names every format", () => {
  for (const name of formatNames.filter((name) => name !== "auto")) expect(docs("formats.md")).toContain(`\`${name}\``);
});
