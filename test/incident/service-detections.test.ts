import { describe, expect, test } from "vitest";
import type { Detection } from "../../src/detect/detection.ts";
import { createServiceDetections } from "../../src/incident/service-detections.ts";
import { TestClock } from "../support/test-clock.ts";

function scene(clock = new TestClock()) {
  const told: Detection[] = [];
  const service = createServiceDetections({ clock, emit: (detection) => told.push(detection) });
  return { clock, service, told };
}

describe("gatewatch on itself", () => {
  test("opens once, however often it is raised, and closes once", async () => {
    const { clock, service, told } = scene();
    service.raise("source-silent", "edge", "Nothing came from edge for 60 s");
    service.raise("source-silent", "edge", "Nothing came from edge for 61 s");
    service.raise("source-silent", "push", "Nothing came from push for 60 s");
    await clock.advance(5000);
    service.clear("source-silent", "edge");
    service.clear("source-silent", "edge");
    service.clear("source-trouble", "edge");
    expect(told.map(({ detector, key, state, version }) => [detector, key["source"], state, version])).toEqual([
      ["gatewatch-source-silent", "edge", "open", 1],
      ["gatewatch-source-silent", "push", "open", 1],
      ["gatewatch-source-silent", "edge", "closed", 2],
    ]);
    expect(told[2]!.lastSeen - told[0]!.firstSeen).toBe(5000);
  });

  test("says what is wrong now, when another mistake takes the first one's place", () => {
    const { service, told } = scene();
    for (const text of ["line 3", "line 3", "line 7"]) service.raise("reload-failed", "configuration", text);
    service.clear("reload-failed", "configuration");
    expect(told.map(({ id, version, state, summary }) => [id === told[0]?.id, version, state, summary])).toEqual([
      [true, 1, "open", "line 3"],
      [true, 2, "open", "line 7"],
      [true, 3, "closed", "line 7"],
    ]);
  });

  test("gives the same trouble in the same minute the same id, and another one later", async () => {
    const [first, second] = [scene(), scene()];
    for (const { service } of [first, second]) service.raise("gateway-failing", "edge-hook", "refused");
    expect(second.told[0]?.id).toBe(first.told[0]?.id);
    first.service.clear("gateway-failing", "edge-hook");
    await first.clock.advance(60_000);
    first.service.raise("gateway-failing", "edge-hook", "refused");
    expect(first.told[2]?.id).not.toBe(first.told[0]?.id);
  });

  test("after a restart goes on with what is raised again, and ends the rest after five minutes", async () => {
    const { clock, service, told } = scene();
    service.raise("source-silent", "edge", "silent");
    service.raise("source-silent", "push", "silent");
    const next = scene(clock);
    next.service.restore(told);
    next.service.raise("source-silent", "edge", "silent");
    await clock.advance(301_000);
    expect(next.told.map(({ key, state }) => [key["source"], state])).toEqual([["push", "closed"]]);
    expect(next.service.open().map(({ key }) => key["source"])).toEqual(["edge"]);
  });

  test("is bounded, and plain", () => {
    const { service, told } = scene();
    for (let n = 0; n < 1100; n++) service.raise("channel-failing", `c${n}`, `no\u001b answer ${"x".repeat(2000)}`);
    expect(told).toHaveLength(1000);
    expect(told[0]?.summary).toHaveLength(500);
    expect(told[0]?.summary).not.toContain("\u001b");
  });
});
