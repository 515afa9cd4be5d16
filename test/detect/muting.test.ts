import { expect, test } from "vitest";
import { Muting } from "../../src/detect/muting.ts";
import { TestClock } from "../support/test-clock.ts";

function aMuting() {
  const clock = new TestClock();
  const muted: string[] = [];
  const muting = new Muting({ clock, onMuted: (detector, error) => muted.push(`${detector}: ${error}`) });
  return { clock, muting, muted };
}

test("twenty errors within a minute mute a detector, and that is said once", async () => {
  const { clock, muting, muted } = aMuting();
  for (let i = 0; i < 19; i++) {
    muting.threw("bad", new Error("oops"));
    await clock.advance(3_000);
  }
  expect(muting.isMuted("bad")).toBe(false);
  for (let i = 0; i < 5; i++) muting.threw("bad", new Error("oops"));
  expect(muting.isMuted("bad")).toBe(true);
  expect(muted).toEqual(["bad: Error: oops"]);
  expect(muting.errors("bad")).toEqual({ total: 24, last: "Error: oops" });
});

test("spread over ten minutes they don't", async () => {
  const { clock, muting, muted } = aMuting();
  for (let i = 0; i < 40; i++) {
    muting.threw("now and then", new Error("oops"));
    await clock.advance(15_000);
  }
  expect(muted).toEqual([]);
  expect(muting.errors("now and then").total).toBe(40);
});

test("each detector is counted by itself, and what it says is cut", () => {
  const { muting, muted } = aMuting();
  for (let i = 0; i < 19; i++) for (const id of ["a", "b"]) muting.threw(id, "x".repeat(10_000));
  expect(muted).toEqual([]);
  muting.threw("a", "x".repeat(10_000));
  expect([muting.isMuted("a"), muting.isMuted("b")]).toEqual([true, false]);
  expect(muted[0]).toHaveLength("a: ".length + 300);
  expect(muting.errors("never threw")).toEqual({ total: 0, last: undefined });
});
