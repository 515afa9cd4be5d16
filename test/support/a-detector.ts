import { z } from "zod";
import { count, type Counter, type DetectorDefinition, isFailed } from "../../src/detect/define-detector.ts";

/** A detector that fires at three failed logins of a client within a minute; `partial` says what is different. */
export function aDetector(partial: Partial<DetectorDefinition> = {}): DetectorDefinition {
  return {
    id: "three-failures",
    title: "Three failures",
    description: "For tests.",
    owasp: [],
    severity: "medium",
    needs: { required: ["clientIp"], better: [] },
    where: { endpointClass: ["login"] },
    key: ["clientIp"],
    window: "1m",
    params: z.strictObject({}),
    counters: { failures: count(isFailed) },
    evidence: isFailed,
    fires: (figures) => Number(figures["failures"]) >= 3,
    summary: (figures, key) => `${Number(figures["failures"])} failures of ${key["clientIp"]}`,
    target: ({ key }) => ({ scope: "ip", value: key["clientIp"]! }),
    examples: [],
    triage: ["Why?"],
    ...partial,
  };
}

/** A detector with these counters, of which nothing is expected but that they count. */
export function aCountingDetector(id: string, counters: Record<string, Counter>): DetectorDefinition {
  return aDetector({ id, counters, fires: () => false, summary: () => "" });
}
