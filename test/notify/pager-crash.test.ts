import { expect, test } from "vitest";
import { PagerScene, serverError } from "../support/pager-scene.ts";

const alone = { identity: { channels: ["channel"], fallback: [] } };
const idempotent: string[] = [];
const notIdempotent = ["channel"];

test("what was pending is sent", async () => {
  const scene = new PagerScene(alone);
  scene.channel("channel").will(serverError);
  await scene.change("opened");
  expect(scene.states()).toEqual(["channel trigger pending"]);
  await scene.restart();
  await scene.clock.advance(60_000);
  expect(scene.states()).toEqual(["channel trigger sent"]);
});

test.for([
  ["where repeats are harmless, as often as needed", idempotent, 3, 4, "sent"],
  ["elsewhere once more", notIdempotent, 1, 2, "sent"],
  ["elsewhere never a third time", notIdempotent, 2, 2, "unknown"],
] as const)("killed in mid-send, it is sent again: %s", async ([, which, kills, sends, state]) => {
  const scene = new PagerScene(alone, which);
  scene.channel("channel").will("never");
  await scene.change("opened");
  for (let i = 1; i < kills; i++) {
    await scene.restartWith((channel) => channel.will("never"));
    expect(scene.states()).toEqual(["channel trigger sending"]);
  }
  await scene.restart();
  expect(scene.sends.length).toBe(sends);
  expect(scene.states()).toEqual([`channel trigger ${state}`]);
});

test("the repeat has the id of the first, and is told as one", async () => {
  const scene = new PagerScene(alone, notIdempotent);
  scene.channel("channel").will("never");
  await scene.change("opened");
  const first = scene.channel("channel").pages[0]?.deliveryId;
  await scene.restart();
  expect(scene.channel("channel").pages[0]?.deliveryId).toBe(first);
  expect(scene.lines()).toEqual(["paged: Page sent to channel, a second time"]);
});

test("a page that may have arrived still hears of its end", async () => {
  const scene = new PagerScene(alone, notIdempotent);
  scene.channel("channel").will("never");
  await scene.change("opened");
  await scene.restartWith((channel) => channel.will("never"));
  await scene.restart();
  await scene.change("resolved");
  expect(scene.sends.at(-1)).toBe("+0 channel resolve inc_1");
});

test("killed between two channels, the page is with the second", async () => {
  const scene = new PagerScene({ identity: { channels: ["channel"], fallback: ["hook"] } });
  scene.channel("channel").will(serverError);
  scene.channel("hook").will("never");
  await scene.change("opened");
  await scene.clock.advance(4_000);
  expect(scene.states()).toEqual(["channel trigger handed_over", "hook trigger sending"]);
  await scene.restart();
  expect(scene.states()).toEqual(["channel trigger handed_over", "hook trigger sent"]);
});
