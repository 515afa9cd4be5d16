import { copyFile, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { checkDefinition } from "../../src/detect/check-definition.ts";
import { count, firstSeen, last, quantile } from "../../src/detect/define-detector.ts";
import { activateDetectors, loadDetectors } from "../../src/detect/load-detectors.ts";
import { aDetector } from "../support/a-detector.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

const fixtures = join(import.meta.dirname, "../fixtures/broken");
const shipped = join(import.meta.dirname, "../../detectors");

/** A folder with one detector, `id`, under a title of its own. */
async function aFolder(name: string, detectors: Readonly<Record<string, string>>): Promise<string> {
  const folder = join(temporaryDirectory(), name);
  await mkdir(folder, { recursive: true });
  for (const [id, title] of Object.entries(detectors)) await writeFile(join(folder, `${id}.js`), source(id, title));
  return folder;
}

describe("folders of detectors", () => {
  test("a file in a later folder takes the place of one of the same name, and others are added", async () => {
    const first = await aFolder("first", { mine: "first", other: "other" });
    const later = await aFolder("later", { mine: "later", more: "more" });
    const { detectors, problems } = await loadDetectors([first, later]);
    expect(problems).toEqual([]);
    expect(detectors.map(({ definition }) => [definition.id, definition.title])).toEqual([
      ["mine", "later"],
      ["other", "other"],
      ["more", "more"],
    ]);
    expect(detectors[0]!.file).toBe(join(later, "mine.js"));
  });

  test("a user's own credential-stuffing takes the place of the shipped one", async () => {
    const own = await aFolder("own", { "credential-stuffing": "Ours" });
    const { detectors } = await loadDetectors([shipped, own]);
    const titles = detectors.filter(({ definition }) => definition.id === "credential-stuffing");
    expect(titles.map(({ definition }) => definition.title)).toEqual(["Ours"]);
  });

  test("all problems of all files are told at once, and the good ones are loaded", async () => {
    const folder = await aFolder("mixed", { good: "good", "named-otherwise": "x" });
    await copyFile(join(folder, "good.js"), join(folder, "not-its-name.js"));
    await writeFile(join(folder, "broken.js"), "export default {");
    await writeFile(join(folder, "nothing.js"), "export const x = 1;");
    await writeFile(join(folder, "two-faults.js"), source("two-faults", "").replace('"1m"', '"a minute"'));
    const { detectors, problems } = await loadDetectors([folder, join(folder, "missing")]);
    expect(detectors.map(({ definition }) => definition.id)).toEqual(["good", "named-otherwise"]);
    expect(problems.map(({ file, path }) => `${file.slice(folder.length)} ${path}`)).toEqual([
      "/broken.js broken.js",
      "/not-its-name.js id",
      "/nothing.js default",
      "/two-faults.js title",
      "/two-faults.js window",
      "/missing ",
    ]);
  });

  test("a file that changed is read anew, one that didn't gives the very same definition", async () => {
    const folder = await aFolder("changing", { mine: "before", same: "same" });
    const before = (await loadDetectors([folder])).detectors;
    await writeFile(join(folder, "mine.js"), source("mine", "after"));
    const after = (await loadDetectors([folder])).detectors;
    expect(after.map(({ definition }) => definition.title)).toEqual(["after", "same"]);
    expect(after[1]!.definition).toBe(before[1]!.definition);
  });

  test("every broken fixture is refused", async () => {
    const { detectors, problems } = await loadDetectors([join(fixtures, "detectors")]);
    expect(detectors).toEqual([]);
    expect(new Set(problems.map(({ file }) => file)).size).toBeGreaterThanOrEqual(11);
  });
});

describe("settings", () => {
  const loaded = ["credential-stuffing", "payment-storm"];
  const activate = async (settings: Parameters<typeof activateDetectors>[1]) => {
    const { detectors } = await loadDetectors([shipped]);
    return activateDetectors(
      detectors.filter(({ definition }) => loaded.includes(definition.id)),
      settings,
    );
  };

  test("defaults are filled in, `off` is left out, `dry-run` is kept", async () => {
    const { detectors, problems } = await activate({
      "credential-stuffing": { mode: "dry-run", params: { failures: 5 } },
      "payment-storm": { mode: "off", params: {} },
    });
    expect(problems).toEqual([]);
    expect(detectors).toMatchObject([
      { definition: { id: "credential-stuffing" }, mode: "dry-run", params: { failures: 5, ratio: 0.8, accounts: 3 } },
    ]);
  });

  test("unknown detectors and wrong parameters are told, all at once, with what would be right", async () => {
    const { problems } = await activate({
      "credential-stufing": { mode: "active", params: {} },
      "credential-stuffing": { mode: "active", params: { failures: "many", nonsense: 1 } },
    });
    expect(problems.map(({ path }) => path)).toEqual([
      "detectors.credential-stufing",
      "detectors.credential-stuffing.params.failures",
      "detectors.credential-stuffing.params",
    ]);
    expect(problems[0]!.message).toContain("credential-stuffing, payment-storm");
    expect(JSON.parse(problems[1]!.example!)).toMatchObject({ failures: 8, ratio: 0.8, accounts: 3 });
  });
});

test("more detectors than the engine is made for are refused", () => {
  const many = Array.from({ length: 257 }, (_, i) => ({ definition: aDetector({ id: `d${i}` }), file: "" }));
  const { problems } = activateDetectors(many, {});
  expect(problems.map(({ message }) => message)).toEqual(["257 detectors were found, 256 are the most there may be"]);
  expect(activateDetectors(many.slice(1), {}).problems).toEqual([]);
});

test.for<[string, Parameters<typeof aDetector>[0], string, string]>([
  ["a key that doesn't exist", { key: ["shoeSize" as never] }, "key.0", "Invalid option"],
  ["no question for people", { triage: [] }, "triage", "at least one question"],
  ["a bucket that doesn't fit", { window: "1m", bucket: "7s" }, "bucket", "a whole number of buckets"],
  ["a bucket below a second", { window: "1m", bucket: "500ms" }, "bucket", "at least 1s"],
  ["a counter of a shorter window", { window: "1h", counters: { x: count(undefined, { window: "1m" }) } }, "counters.x.window", "at least as long"],
  ["a counter of another key", { counters: { x: count(undefined, { key: ["userId"] }) } }, "counters.x.key", "a part of the detector's own key"],
  ["last() over another window", { counters: { x: last(2, () => [1], undefined, { window: "1h" }) } }, "counters.x", "the detector's own key and window"],
  ["no counter of its own window", { counters: { x: count(undefined, { window: "1h" }) } }, "counters", "at least one counter"],
  ["too many counters", { counters: Object.fromEntries(Array.from({ length: 32 }, (_, i) => [`c${i}`, count()])) }, "counters", "at most 31"],
  ["a quantile for each client", { key: ["clientIp", "route"], counters: { x: quantile((e) => e.durationMs, 0.99) } }, "counters.x", "and not by clientIp"],
  ["a quantile by a part that is many", { key: ["asn", "route"], counters: { n: count(), x: quantile((e) => e.durationMs, 0.5, undefined, { key: ["asn"] }) } }, "counters.x", "route, endpointClass"],
  ["a quantile beyond all", { key: ["route"], counters: { x: quantile((e) => e.durationMs, 99) } }, "counters.x.q", "such as 0.99"],
  ["a memory that is hardly longer than the window", { counters: { x: firstSeen((e) => e.asn, { memory: "5m" }) } }, "counters.x.memory", "ten windows"],
  ["a memory without end", { counters: { x: firstSeen((e) => e.asn, { memory: "400d" }) } }, "counters.x.memory", "at most 366d"],
  ["a bucket of broken seconds", { window: "3m", bucket: "1500ms" }, "bucket", "whole seconds"],
  ["a comparison without a route", { population: { counter: "failures", quantile: 0.99 } }, "population", "a key of `route`"],
  ["a comparison with nobody", { key: ["route"], population: { counter: "failures", quantile: 0.99 } }, "population", "whoever acts there"],
  ["a comparison by no counter", { key: ["route", "clientIp"], population: { counter: "nothing", quantile: 0.99 } }, "population.counter", "expected a count()"],
  ["a comparison by another window", { key: ["route", "clientIp"], counters: { n: count(), day: count(undefined, { window: "1d" }) }, population: { counter: "day", quantile: 0.9 } }, "population.counter", "own window and key"],
  ["what nobody learns", { baselines: ["nonsense"] as never }, "baselines.0", "expected one of"],
  ["a comparison beyond all", { key: ["route", "clientIp"], population: { counter: "failures", quantile: 1 } }, "population.quantile", "such as 0.99"],
  ["last() of too many", { counters: { x: last(7, () => [1]) } }, "counters.x.n", "at most 6"],
])("%s is explained", ([, partial, path, message]) => {
  const examples = [true, false].map((fires) => ({ name: "x", fires, events: [{ at: "0s" as const }] }));
  const { definition, problems } = checkDefinition("/three-failures.ts", aDetector({ examples, ...partial }));
  expect(definition).toBeUndefined();
  expect(problems).toMatchObject([{ path, message: expect.stringContaining(message) as string }]);
}); // prettier-ignore

// helpers

/** A detector file in plain JavaScript, which takes its libraries by their paths. */
function source(id: string, title: string): string {
  const asDefault = ["export", "default"].join(" ");
  const from = (path: string) => JSON.stringify(new URL(path, import.meta.url).href);
  return `
import { count } from ${from("../../src/detect/define-detector.ts")};
import { z } from ${from("../../node_modules/zod/index.js")};
${asDefault} {
  id: ${JSON.stringify(id)}, title: ${JSON.stringify(title)}, description: "For tests.", owasp: [], severity: "low",
  needs: { required: [], better: [] }, where: {}, key: ["clientIp"], window: "1m", params: z.strictObject({}),
  counters: { requests: count() }, fires: () => false, summary: () => "", target: () => undefined,
  examples: [true, false].map((fires) => ({ name: "x", fires, events: [{ at: "0s" }] })), triage: ["Why?"],
};`;
}
