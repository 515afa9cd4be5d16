import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { deserialize, serialize } from "node:v8";
import { describe, expect, test } from "vitest";
import type { DetectorDefinition, Example } from "../../src/detect/define-detector.ts";
import { loadDetect, saveDetect, type SavedDetect } from "../../src/detect/detect-state.ts";
import type { Detection } from "../../src/detect/detection.ts";
import { confidences } from "../../src/detect/detection.ts";
import { activateDetectors, loadDetectors } from "../../src/detect/load-detectors.ts";
import { exampleBaselines } from "../../src/detect/example-baselines.ts";
import { exampleEvents, runExample } from "../../src/detect/run-example.ts";
import type { AccessEvent } from "../../src/normalize/access-event.ts";
import { hostileEvents } from "../support/hostile-events.ts";
import { anEngine } from "../support/run-engine.ts";
import { TestClock } from "../support/test-clock.ts";

const root = join(import.meta.dirname, "../..");
const folder = join(root, "detectors");
const { detectors, problems } = await loadDetectors([folder]);
const docs = readFileSync(join(root, "docs/detectors.md"), "utf8");

test("every shipped detector loads", () => {
  expect(problems).toEqual([]);
  expect(activateDetectors(detectors, {}).problems).toEqual([]);
  expect(detectors).toHaveLength(readdirSync(folder).length);
});

describe.each(detectors.map(({ definition }) => [definition.id, definition] as const))("%s", (id, definition) => {
  test.for(definition.examples.map((example) => [example.name, example] as const))("%s", ([, example]) => {
    expect(runExample(definition, example).length > 0).toBe(example.fires);
  });

  describe("finds the same", () => {
    const { events, params, baselines } = shortest(definition);
    const engineOf = () => anEngineFor(definition, params, baselines);
    const whole = () => {
      const engine = engineOf();
      return sealed([...engine.process(events), ...engine.engine.finish()]);
    };
    let expected: readonly unknown[];

    test("in one batch", () => {
      expected = whole();
      expect(expected.length).toBeGreaterThan(0);
    });

    test.for([1, 7, 150])("in batches of %i", (size) => {
      const { process, engine } = engineOf();
      const told: Detection[] = [];
      for (let at = 0; at < events.length; at += size) told.push(...process(events.slice(at, at + size)));
      expect(sealed([...told, ...engine.finish()])).toEqual(expected);
    });

    test("out of order, within the lateness", () => {
      const { process, engine } = engineOf();
      const late = events
        .map((event, i) => ({ event, at: event.time + ((i * 7_919) % 9_000) }))
        .sort((a, b) => a.at - b.at)
        .map(({ event }) => event);
      expect(sealed([...process(late), ...engine.finish()])).toEqual(expected);
    });

    test("spread over partitions that are read in turn", () => {
      const { process, engine, watermark } = engineOf();
      for (const partition of ["p0", "p1", "p2"]) watermark.assign(partition);
      const told: Detection[] = [];
      for (let at = 0; at < events.length; at += 90) {
        for (const p of [2, 0, 1])
          told.push(
            ...process(
              events.slice(at, at + 90).filter((_, i) => i % 3 === p),
              `p${p}`,
            ),
          );
      }
      expect(sealed([...told, ...engine.finish()])).toEqual(expected);
    });

    test("when what came since the last save is delivered again after a crash", () => {
      const [saved, crash] = [Math.floor(events.length / 3), Math.floor((events.length * 2) / 3)];
      const first = engineOf();
      const told = [...first.process(events.slice(0, saved))];
      const state = deserialize(serialize(saveDetect(first))) as SavedDetect;
      told.push(...first.process(events.slice(saved, crash)));
      const second = engineOf();
      loadDetect(second, state);
      told.push(...second.process(events.slice(saved)), ...second.engine.finish());
      expect(sealed(told)).toEqual(expected);
    });

    test("and nothing more when all of it is delivered again at the end", () => {
      const { process, engine } = engineOf();
      const told = [...process(events), ...engine.finish()];
      const again = [...process(events), ...engine.finish()];
      expect(again).toEqual([]);
      expect(sealed(told)).toEqual(expected);
    });

    test("with everything that is told of it in bounds", () => {
      const { process, engine } = engineOf();
      for (const one of [...process(events), ...engine.finish()]) {
        expect(one.summary.length).toBeGreaterThan(10);
        expect(one.summary).not.toMatch(/undefined|NaN|\[object|Infinity/);
        expect(one.strength).toBeGreaterThanOrEqual(1);
        expect(confidences).toContain(one.confidence);
        for (const figure of Object.values(one.counters)) expect(figure ?? 0).toSatisfy(Number.isFinite);
        for (const { value } of one.targets) expect(value).toMatch(/./);
      }
    });
  });

  test("throws at nothing that a log may hold", () => {
    const { process, engine, muting } = anEngineFor(definition, {});
    for (const seed of [1, 2, 3]) process(hostileEvents(definition.where, { seed, count: 400 }));
    engine.finish();
    expect(muting.errors(id)).toEqual({ total: 0, last: undefined });
  });

  test("refuses parameters it does not know", () => {
    expect(definition.params.safeParse({ nonsense: 1 }).success).toBe(false);
  });

  test.for(Object.keys(definition.params.shape))("refuses nonsense for %s", (name) => {
    const taken = ["x", NaN, Infinity, -1, {}].filter((nonsense) => {
      const isDefault = JSON.stringify(definition.params.parse({})[name]) === JSON.stringify(nonsense);
      return !isDefault && definition.params.safeParse({ [name]: nonsense }).success;
    });
    expect(taken).toEqual([]);
  });

  test("has a runbook and a chapter in the docs", () => {
    expect(readdirSync(join(root, "runbooks"))).toContain(`${id}.md`);
    expect(docs).toContain(`\n### ${id}\n`);
  });
});

// helpers

/** The events of the shortest example that fires, and what was usual there. */
function shortest(definition: DetectorDefinition): Pick<Example, "params" | "baselines"> & { events: AccessEvent[] } {
  const firing = definition.examples.filter(({ fires }) => fires);
  const runs = firing.map((example) => ({ ...example, events: exampleEvents(example) }));
  return runs.reduce((a, b) => (b.events.length < a.events.length ? b : a));
}

function anEngineFor(definition: DetectorDefinition, params: Example["params"], baselines?: Example["baselines"]) {
  const detectors_ = [{ definition, params: definition.params.parse(params ?? {}), mode: "active" as const }];
  const clock = new TestClock(Date.UTC(2026, 7, 22, 9));
  return anEngine({ detectors: detectors_, clients: 1024, clock, baselines: exampleBaselines(baselines) });
}

/** The last word on each sealed detection: what must not depend on how the events came. */
function sealed(told: readonly Detection[]): readonly unknown[] {
  const byId = new Map<string, Detection>();
  for (const d of told) if (d.sealed && (byId.get(d.id)?.version ?? 0) <= d.version) byId.set(d.id, d);
  return [...byId.values()]
    .map(({ version: _v, supersedes: _s, coverage: _c, stale: _t, ...rest }) => rest)
    .sort((a, b) => (a.id < b.id ? -1 : 1));
}
