import * as fc from "fast-check";
import { expect, test } from "vitest";
import { PagerScene } from "../support/pager-scene.ts";

const minute = 60_000;
const team = { identity: { channels: ["slack"], fallback: [] } };

async function open(scene: PagerScene, count: number, from = 1): Promise<void> {
  for (let i = from; i < from + count; i++) await scene.change("opened", { id: `inc_${i}`, title: `Incident ${i}` });
}

test("five pages, then one summary, then nothing", async () => {
  const scene = new PagerScene(team);
  await open(scene, 8);
  expect(scene.sends.map((line) => line.split(" ")[2])).toEqual([
    "trigger", "trigger", "trigger", "trigger", "trigger", "summary",
  ]); // prettier-ignore
  const page = scene.channel("slack").pages.at(-1);
  expect(page?.title).toBe("6 incidents are open for identity");
  expect(page?.summary).toBe(
    "Your 5 pages for the hour are used up. Until 10:00 UTC further incidents are only shown, not paged.",
  );
  expect(page?.evidence).toEqual([
    "[high] Incident 6 (inc_6)",
    "[high] Incident 5 (inc_5)",
    "[high] Incident 4 (inc_4)",
    "[high] Incident 3 (inc_3)",
    "and 2 more",
  ]);
});

test("what is not paged is told on its timeline", async () => {
  const scene = new PagerScene(team);
  await open(scene, 7);
  const suppressed = scene.timeline.filter(({ event }) => event.kind === "page_suppressed");
  expect(suppressed.map(({ incident, event }) => `${incident}: ${event.text}`)).toEqual([
    "inc_6: Not paged: the team's pages are used up until 10:00 UTC",
    "inc_7: Not paged: the team's pages are used up until 10:00 UTC",
  ]);
});

test("it holds over a restart", async () => {
  const scene = new PagerScene(team);
  await open(scene, 4);
  await scene.restart();
  await open(scene, 2, 5);
  await scene.restart();
  await open(scene, 2, 7);
  expect(scene.sends.filter((line) => line.includes("trigger")).length).toBe(5);
  expect(scene.sends.filter((line) => line.includes("summary")).length).toBe(1);
  expect(scene.channel("slack").pages.every((page) => page.kind !== "summary")).toBe(true);
});

test("after the time it named, people are paged again", async () => {
  const scene = new PagerScene(team);
  await open(scene, 6);
  await scene.clock.advance(59 * minute);
  await open(scene, 1, 7);
  await scene.clock.advance(minute);
  await open(scene, 1, 8);
  expect(scene.sends.slice(5).map((line) => line.split(" ")[0])).toEqual(["+0", "+3600"]);
});

test("until the time it named it stays quiet, also when the first page is an hour old", async () => {
  const scene = new PagerScene(team);
  await open(scene, 1);
  await scene.clock.advance(50 * minute);
  await open(scene, 5, 2);
  await scene.clock.advance(20 * minute);
  await open(scene, 1, 7);
  expect(scene.timeline.at(-1)?.event.text).toBe("Not paged: the team's pages are used up until 10:50 UTC");
  await scene.clock.advance(40 * minute);
  await open(scene, 1, 8);
  expect(scene.sends.at(-1)).toBe("+6600 slack trigger inc_8");
});

test("a page that was sent is not counted again when its change comes again", async () => {
  const scene = new PagerScene(team);
  await open(scene, 5);
  await open(scene, 5);
  expect(scene.sends.length).toBe(5);
  expect(scene.timeline.filter(({ event }) => event.kind === "page_suppressed")).toEqual([]);
});

test("a page on many channels is one, and follow-ups are none", async () => {
  const scene = new PagerScene({ identity: { channels: ["slack", "mail", "pager"], fallback: [] } });
  await open(scene, 4);
  for (let i = 1; i <= 4; i++) await scene.change("resolved", { id: `inc_${i}` });
  await open(scene, 1, 5);
  expect(scene.sends.filter((line) => line.includes("inc_5")).length).toBe(3);
});

test("each team has its own", async () => {
  const scene = new PagerScene({ ...team, payments: { channels: ["slack"], fallback: [] } });
  await open(scene, 6);
  await scene.change("opened", { id: "inc_9", team: "payments" });
  expect(scene.sends.at(-1)).toContain("trigger inc_9");
});

test("in no hour are there more than five pages, whenever incidents open", async () => {
  const gaps = fc.array(fc.integer({ min: 0, max: 40 * minute }), { minLength: 1, maxLength: 25 });
  await fc.assert(
    fc.asyncProperty(gaps, async (gaps) => {
      const scene = new PagerScene(team);
      for (const [i, gap] of gaps.entries()) {
        await scene.clock.advance(gap);
        await scene.change("opened", { id: `inc_${i}` });
      }
      const times = scene
        .channel("slack")
        .pages.filter((p) => p.kind === "trigger")
        .map((p) => p.at ?? 0);
      const inHour = times.map((at) => times.filter((other) => other > at - 60 * minute && other <= at).length);
      expect(Math.max(...inHour)).toBeLessThanOrEqual(5);
    }),
    { numRuns: 30 },
  );
});
