import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { Detection } from "../../src/detect/detection.ts";
import { IncidentBook } from "../../src/incident/incident-book.ts";
import type { BookChange } from "../../src/incident/incident-transitions.ts";
import { aDetection } from "../support/a-detection.ts";
import { aRunbook } from "../support/a-runbook.ts";

const teams = { names: new Set(["identity"]), first: "identity" };
const book = () => new IncidentBook({ runbooks: [aRunbook()], teams });
const start = Date.parse("2026-08-22T09:00:00.000Z");

/** Versions of a few detections in three groups, each detection's in their order, otherwise mixed. */
const detections = fc
  .array(
    fc.record({
      n: fc.nat(7),
      state: fc.constantFrom("open" as const, "open" as const, "closed" as const, "unconfirmed" as const),
      severity: fc.constantFrom("high" as const, "critical" as const),
      endpointClass: fc.constantFrom("login" as const, "account" as const, "payment" as const),
      stale: fc.boolean(),
      afterMs: fc.nat(20 * 60_000),
    }),
    { maxLength: 60 },
  )
  .map((items) => {
    const versions = new Map<number, number>();
    let now = start;
    return items.map(({ n, afterMs, ...rest }) => {
      now += afterMs;
      const version = (versions.get(n) ?? 0) + 1;
      versions.set(n, version);
      const detection = aDetection({
        id: `det_${n}`,
        key: { clientIp: `c${n}` },
        version,
        firedAt: now,
        lastSeen: now,
        ...rest,
      });
      return { now, detection };
    });
  });

function run(of: IncidentBook, steps: readonly { now: number; detection: Detection }[]): BookChange[] {
  return steps.flatMap(({ now, detection }) => [...of.tick(now), ...of.apply(detection, now)]);
}

test("a replay of anything seen changes nothing, and pages nobody", () => {
  fc.assert(
    fc.property(detections, fc.nat(60), (steps, from) => {
      const one = book();
      run(one, steps);
      const end = steps.at(-1)?.now ?? start;
      expect(steps.slice(from).flatMap(({ detection }) => one.apply(detection, end))).toEqual([]);
    }),
  );
});

test("the same detections give the same incidents and timeline, ids included", () => {
  fc.assert(
    fc.property(detections, (steps) => {
      expect(run(book(), steps)).toEqual(run(book(), steps));
    }),
  );
});

test("each change is the next version, at most one incident of a group is open, and the timeline repeats no line", () => {
  fc.assert(
    fc.property(detections, (steps) => {
      const one = book();
      const changes = run(one, steps);
      const versions = new Map<string, number>();
      for (const { change } of changes) {
        const { id, version } = change.incident;
        expect(version).toBeGreaterThan(versions.get(id) ?? 0);
        versions.set(id, version);
        expect(change.page && change.incident.quiet !== undefined).toBe(false);
        expect(change.page && change.incident.state === "resolved").toBe(false);
      }
      const groups = one.open().map((entry) => JSON.stringify(entry.incident.group));
      expect(new Set(groups).size).toBe(groups.length);
      const lines = changes.flatMap(({ line }) => line?.id ?? []);
      expect(new Set(lines).size).toBe(lines.length);
    }),
  );
});

test("after a restart from what was saved, a replay still changes nothing", () => {
  fc.assert(
    fc.property(detections, (steps) => {
      const one = book();
      run(one, steps);
      const end = steps.at(-1)?.now ?? start;
      const latest = new Map(steps.map(({ detection }) => [detection.id, detection]));
      const two = book();
      for (const { incident } of one.all()) {
        two.restore(
          incident,
          incident.detections.flatMap((id) => latest.get(id) ?? []),
          end,
        );
      }
      for (const detection of latest.values()) two.remember(detection, end);
      expect(steps.flatMap(({ detection }) => two.apply(detection, end))).toEqual([]);
      expect(
        two
          .open()
          .map((entry) => entry.incident.id)
          .sort(),
      ).toEqual(
        one
          .open()
          .map((entry) => entry.incident.id)
          .sort(),
      );
    }),
  );
});
