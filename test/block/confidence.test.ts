import { expect, describe, test } from "vitest";
import type { Detection } from "../../src/detect/detection.ts";
import { blockScene } from "./block-scene.ts";

const client = "203.0.113.7";
const unsure = { confidence: "low", strength: 1.2 } as const;
const minute = 60_000;

/** Another detector that names the same client. */
const other = (changes: Partial<Detection> = {}): Partial<Detection> => ({
  ...{ id: "det_0000000000000002", detector: "probing", signal: "requests", ...unsure },
  ...changes,
});

describe("a detection that is not sure enough", () => {
  test("asks a person, and says what it lacks", async () => {
    const scene = await blockScene();
    await scene.see(unsure);
    expect(scene.refuses(client)).toBe(false);
    expect(scene.saved()).toMatchObject({ state: "asked" });
    expect(scene.timeline[0]!.text).toContain(
      "A person is asked about a ban of ip 203.0.113.7: low confidence, 1.2 times the detector's floor: a block needs high",
    );
  });

  test("blocks under a runbook that asks for no more", async () => {
    const scene = await blockScene();
    await scene.see(unsure, { block: { confidence: "low" } });
    expect(scene.refuses(client)).toBe(true);
  });

  test("blocks by itself once it is surer, under the same decision", async () => {
    const scene = await blockScene();
    await scene.see(unsure);
    await scene.see({ version: 2, confidence: "medium", strength: 1.8 }, { kind: "updated" });
    expect(scene.refuses(client)).toBe(false);
    await scene.see({ version: 3, confidence: "high", strength: 3.1 }, { kind: "updated" });
    expect(scene.refuses(client)).toBe(true);
    expect(scene.saved()).toMatchObject({ id: 1, state: "active" });
    expect(scene.timeline.map(({ text }) => text).at(-1)).toContain("Decided: ban");
  });
});

describe("two detections of the same client", () => {
  test("make up for one another where they watch different things", async () => {
    const scene = await blockScene();
    await scene.see(other(), { block: "none" });
    await scene.see(unsure);
    expect(scene.refuses(client)).toBe(true);
    expect(scene.timeline[0]!.text).toContain("confirmed by probing");
  });

  test.for<[string, Partial<Detection>]>([
    ["watches the same", { signal: "login" }],
    ["is on trial", { mode: "dry-run" }],
    ["lacks a field", { coverage: "reduced" }],
    ["counted an address that could be forged", { clientIpCertain: false }],
    ["names somebody else", { targets: [{ scope: "ip", value: "203.0.113.8" }] }],
    ["was over half an hour before", { lastSeen: Date.parse("2026-08-22T09:00:00.000Z") - 31 * minute }],
  ])("don't where the other %s", async ([, changes]) => {
    const scene = await blockScene();
    await scene.see(other(changes), { block: "none" });
    await scene.see(unsure);
    expect(scene.refuses(client)).toBe(false);
  });

  test("don't when the other was not confirmed", async () => {
    const scene = await blockScene();
    await scene.see(other(), { block: "none" });
    await scene.see(other({ version: 2, state: "unconfirmed" }), { block: "none", kind: "updated" });
    await scene.see(unsure);
    expect(scene.refuses(client)).toBe(false);
  });

  test("the same one told again is no second one", async () => {
    const scene = await blockScene();
    await scene.see(unsure);
    await scene.see({ ...unsure, version: 2 }, { kind: "updated" });
    expect(scene.refuses(client)).toBe(false);
  });
});
