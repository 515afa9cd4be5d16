import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { marksTable, measuredKinds, missedLines, type PrintedScore } from "../scripts/score-docs.ts";
import { scoreOf } from "../src/score/scorecard.ts";

const lists = { missed: [], wrongDetections: [], wrongBlocks: [], notSimulated: [] };
const nothing = scoreOf([], ["probing"]);
const name = { seed: 1, intensity: 3, kind: "bare", scene: "day" } as const;

test("what was printed of several runs is put together by kind of log, a later run in place of an earlier one", () => {
  const enriched: PrintedScore = { ...nothing, ...lists, seeds: 20, kinds: {} };
  const others: PrintedScore = { ...lists, seeds: 3, kinds: { bare: nothing, default: nothing } };
  const kinds = measuredKinds([{ ...enriched, seeds: 1 }, others, enriched]);
  expect(kinds.map(({ kind, seeds }) => [kind, seeds])).toEqual([
    ["enriched", 20],
    ["default", 3],
    ["bare", 3],
  ]);
  expect(marksTable(kinds).split("\n")[0]).toBe("| logs | enriched, 20 seeds | default, 3 seeds | bare, 3 seeds |");
});

test("what was missed and wrong is told with how often, the most frequent first", () => {
  const missed = {
    ...{ ...name, attack: "scan", detector: "probing", start: 0, expected: 1, found: 0, missed: [] },
    ...{ delayMs: undefined, delayEvents: undefined, alerts: 0, sinceStartMs: undefined },
  };
  const wrong = { ...name, detector: "probing", about: "x", text: "", at: 0, because: "scan below its floor" };
  const printed = {
    ...{ ...lists, seeds: 1, kinds: { bare: nothing } },
    missed: [{ ...missed, detector: "scraping" }, missed, missed],
    wrongDetections: [wrong, { ...wrong, because: "campus" }],
    wrongBlocks: [{ ...wrong, because: "campus" }],
  };
  expect(missedLines(measuredKinds([printed]))).toEqual([
    "bare: missed by `probing`: scan at 3 times its floor: 2",
    "bare: missed by `scraping`: scan at 3 times its floor: 1",
    "bare: wrong, `probing`: scan below its floor: 1",
    "bare: wrong, `probing`: 1",
    "bare: wrong block by `probing`: campus: 1",
  ]);
});

test("the README shows the marks that the page shows", async () => {
  const [readme, page] = await Promise.all(
    ["README.md", "docs/score.md"].map((file) => readFile(new URL(`../${file}`, import.meta.url), "utf8")),
  );
  const tableOf = (text = "") => /<!-- score: begin -->\n\n(\|[^]*?\|)\n\n/.exec(text)?.[1];
  expect(tableOf(readme)).toBeDefined();
  expect(tableOf(readme)).toBe(tableOf(page));
});
