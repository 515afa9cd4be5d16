import { expect, test } from "vitest";
import { Alignment, readMark, writeMark } from "../../src/cluster/alignment.ts";
import { TestClock } from "../support/test-clock.ts";

const noon = Date.parse("2026-08-22T12:00:00Z");
const second = 1_000;

function anAlignment() {
  const clock = new TestClock(noon);
  return { clock, alignment: new Alignment({ clock, latenessMs: 10 * second, idleAfterMs: 15 * second }) };
}

test("who runs ahead of another instance's partition is paused until that has caught up", () => {
  const { alignment } = anAlignment();
  alignment.reached("mine", noon);
  alignment.reached("theirs", noon);
  expect(alignment.pauses()).toEqual({ pause: [], resume: [] });
  alignment.reached("mine", noon + 60 * second);
  expect(alignment.pauses()).toEqual({ pause: ["mine"], resume: [] });
  alignment.reached("theirs", noon + 50 * second);
  expect(alignment.pauses()).toEqual({ pause: [], resume: ["mine"] });
});

test("a partition that was read to its end before does not hold the others back when it changes hands", () => {
  const { alignment } = anAlignment();
  for (const name of ["mine", "read to its end"]) alignment.expect(name);
  // What the one before had told; of this one nothing more will come.
  alignment.reached("read to its end", noon + 90 * second);
  alignment.reached("mine", noon + 10 * second);
  alignment.reached("mine", noon + 80 * second);
  expect(alignment.pauses()).toEqual({ pause: [], resume: [] });
});

test("a partition that is read again begins where it was handed on, not where it had been read to", () => {
  const { alignment } = anAlignment();
  for (const name of ["mine", "theirs"]) alignment.told(name, noon);
  // Read, and lost before it was handed on: the others wait for what is to come of it.
  alignment.reached("mine", noon + 80 * second);
  expect(alignment.pauses()).toEqual({ pause: ["mine"], resume: [] });
  alignment.begin("mine");
  alignment.reached("mine", noon + 20 * second);
  expect(alignment.pauses().pause).toEqual([]);
});

test("a partition that nobody has read yet is waited for, but not for ever", async () => {
  const { alignment, clock } = anAlignment();
  alignment.expect("theirs");
  alignment.reached("mine", noon);
  alignment.reached("mine", noon + 60 * second);
  expect(alignment.pauses().pause).toEqual(["mine"]);
  await clock.advance(16 * second);
  expect(alignment.pauses().resume).toEqual(["mine"]);
});

test.for([
  ["a mark", "mark:edge:logs/3", String(noon), { partition: "edge:logs/3", newest: noon }],
  ["another record", "routes:/x", String(noon), undefined],
  ["no number", "mark:edge:logs/3", "soon", undefined],
  ["no time yet", "mark:edge:logs/3", "0", undefined],
] as const)("%s", ([, key, value, read]) => {
  expect(readMark(key, value)).toEqual(read);
});

test("a mark reads back as it was written", () => {
  const { key, value } = writeMark("edge:logs/11", noon);
  expect(readMark(key, value)).toEqual({ partition: "edge:logs/11", newest: noon });
});
