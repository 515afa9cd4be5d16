import { describe, expect, test } from "vitest";
import { compileCondition } from "../../src/incident/condition.ts";
import { aDetection } from "../support/a-detection.ts";
import { aRunbook } from "../support/a-runbook.ts";
import { incidentScene } from "../support/incident-scene.ts";

const incident = { detections: 2, open: 1, reopened: 0 };

describe("a condition", () => {
  test.for([
    ["detection.counters.failures >= 10", true],
    ["detection.counters.failures / detection.counters.attempts > 0.5", true],
    ['detection.severity in ["high", "critical"]', true],
    ["incident.detections >= 3", false],
    ['detection.key.clientIp.startsWith("203.0.")', true],
    ["has(detection.counters.accounts) && detection.counters.accounts > 3", false],
    ["detection.counters.accounts > 3", undefined],
    ['detection.owner == "identity" && !detection.stale && detection.targets == 1', true],
    ["detection.seconds >= 20.0", true],
  ] as const)("%s", ([text, answer]) => {
    const compiled = compileCondition(text);
    expect("condition" in compiled && compiled.condition(aDetection(), incident)).toBe(answer);
  });

  test.for([
    ['detection.severty == "high"', "severty", 10],
    ["detection.severity > 3", "no such overload", 0],
    ["incident.detections", "of type int", 0],
    ["detektion.stale", "Unknown variable", 0],
    ["detection.stale &&", "Unexpected token", 18],
  ] as const)("%s is refused", ([text, message, start]) => {
    expect(compileCondition(text)).toEqual({
      error: { message: expect.stringContaining(message) as string, start, end: expect.any(Number) as number },
    });
  });
});

describe("a runbook's when", () => {
  const client = (n: number) => ({ id: `det_${n}`, key: { clientIp: `203.0.113.${n}` } });

  test("waits for company, then opens with all of them", async () => {
    const scene = await incidentScene({ runbooks: [aRunbook({ when: "incident.detections >= 3" })] });
    await scene.see(aDetection(client(1)), aDetection(client(2)), aDetection({ ...client(2), version: 2 }));
    expect(scene.told()).toEqual([]);
    await scene.see(aDetection(client(3)));
    expect(scene.told()).toEqual(["opened page identity", "updated quiet", "updated quiet"]);
    expect(scene.changes.at(-1)?.incident.detections.toSorted()).toEqual(["det_1", "det_2", "det_3"]);
  });

  test("goes on waiting after a restart, and not for ever", async () => {
    const scene = await incidentScene({ runbooks: [aRunbook({ when: "incident.detections >= 3" })] });
    await scene.see(aDetection(client(1)), aDetection(client(2)));
    const again = await scene.restart();
    await again.see(aDetection(client(3)));
    expect(again.told()).toHaveLength(3);

    const third = await incidentScene({ runbooks: [aRunbook({ when: "incident.detections >= 2" })] });
    await third.see(aDetection(client(1)));
    await third.pass(16 * 60_000);
    await third.see(aDetection(client(2)));
    expect(third.told()).toEqual([]);
  });

  test("that can't be told opens nothing, and is counted", async () => {
    const scene = await incidentScene({ runbooks: [aRunbook({ when: "detection.counters.accounts > 3" })] });
    await scene.see(aDetection());
    expect(scene.told()).toEqual([]);
    expect(
      await scene.metrics.registry.getSingleMetricAsString("gatewatch_incident_conditions_untold_total"),
    ).toContain('{runbook="credential-stuffing"} 1');
    await scene.see(aDetection({ version: 2, counters: { accounts: 4 } }));
    expect(scene.told()).toEqual(["opened page identity"]);
  });
});
