import { describe, expect, test } from "vitest";
import { decisionUuid } from "../../src/block/decision-uuid.ts";
import { blockScene } from "./block-scene.ts";

describe("a decision that a runbook makes", () => {
  test("has the same reference in every process that makes it", async () => {
    const referencesOf = async () => {
      const scene = await blockScene();
      await scene.see();
      const [first] = scene.blocker.list({ limit: 10 });
      return first?.uuid;
    };
    const [one, again] = [await referencesOf(), await referencesOf()];
    expect(one).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(again).toBe(one);
  });

  test("has another one when it is made anew after the first is over", () => {
    const first = decisionUuid(["det_1", "ip", "203.0.113.7", "false", ""]);
    expect(decisionUuid(["det_1", "ip", "203.0.113.7", "false", first])).not.toBe(first);
  });
});
