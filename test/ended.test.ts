import { expect, test } from "vitest";
import { Ended } from "../src/ended.ts";

async function isOver(ended: Ended): Promise<boolean> {
  return Promise.race([ended.all.then(() => true), new Promise(setImmediate).then(() => false)]);
}

test("it is over when every source has ended, in any order, and however often one says so", async () => {
  const ended = new Ended(["access.log", "stdin"]);
  expect(await isOver(ended)).toBe(false);
  ended.add("stdin");
  ended.add("stdin");
  ended.add("a source that is not its concern");
  expect(await isOver(ended)).toBe(false);
  ended.add("access.log");
  expect(await isOver(ended)).toBe(true);
});
