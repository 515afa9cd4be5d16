import { expect, test } from "vitest";
import { detectConfig } from "../../src/detect/detect-config.ts";
import { DetectStage } from "../../src/detect/detect-stage.ts";
import { LiveTrials } from "../../src/live-trials.ts";
import { createMetrics } from "../../src/metrics.ts";
import { measureService } from "../../src/service-metrics.ts";
import { sampleStatus } from "../support/api-samples.ts";
import { readDashboards } from "../support/dashboard.ts";
import { shippedDetectors } from "../support/run-engine.ts";
import { TestClock } from "../support/test-clock.ts";

// A row of the dashboard is repeated for each value of the variable `detector`, and those come from a
// metric: every detector that is loaded has its row, without a word about it in the file.

const { panels, templating } = readDashboards().find(({ uid }) => uid === "gatewatch")!;
const variable = templating.list.find(({ name }) => name === "detector")!;
const [, metric, label] = /^label_values\((\w+), (\w+)\)$/.exec(variable.query.query) ?? [];
const rows = new Set(await valuesOf(metric!, label!));

test("one row is repeated for all of them, and its panels ask for one each", () => {
  const row = panels.find(({ type, repeat }) => type === "row" && repeat === "detector");
  expect(variable).toMatchObject({ includeAll: true, definition: variable.query.query, datasource: { uid: "prometheus" } });
  const asked = row!.panels!.flatMap(({ targets = [] }) => targets.map(({ expr, rawSql }) => expr ?? rawSql ?? ""));
  expect(asked.length).toBeGreaterThanOrEqual(4);
  expect(asked.filter((question) => !/detector(=~"\$detector"| IN \(\$\{detector:sqlstring\}\))/.test(question))).toEqual([]);
}); // prettier-ignore

test.for(shippedDetectors.map(({ definition }) => [definition.id] as const))("%s has a row", ([id]) => {
  expect(rows).toContain(id);
});

/** What Grafana's `label_values` gives, of the metrics of a service that has just started. */
async function valuesOf(name: string, wanted: string): Promise<string[]> {
  const metrics = createMetrics();
  const detect = new DetectStage({
    detectors: shippedDetectors,
    config: detectConfig.parse({ clients: 1_024 }),
    clock: new TestClock(0),
    onMuted: () => {},
  });
  measureService({ metrics, detect, trials: new LiveTrials(shippedDetectors), status: () => sampleStatus({}) });
  const found = (await metrics.registry.getMetricsAsJSON()).find((one) => one.name === name);
  return (found?.values ?? []).map(({ labels }) => String((labels as Record<string, unknown>)[wanted]));
}
