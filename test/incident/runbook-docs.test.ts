import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { conditionFields } from "../../src/incident/condition.ts";
import { parseRunbook } from "../../src/incident/parse-runbook.ts";
import { runbookFrontMatter } from "../../src/incident/runbook-front-matter.ts";
import { serviceDetectorIds } from "../../src/incident/service-kinds.ts";
import { groupFields } from "../../src/incident/grouping.ts";
import { incidentScene } from "../support/incident-scene.ts";

const docs = readFileSync(join(import.meta.dirname, "../../docs/runbooks.md"), "utf8");

test("the example is a good runbook", () => {
  const example = /```markdown\n([\s\S]*?)\n```/.exec(docs)?.[1] ?? "";
  expect(parseRunbook("example.md", "example", example)).toMatchObject({ kind: "good" });
});

test("the rule that watches the store is a good one", () => {
  const query = /```yaml\n(query:[\s\S]*?)```/.exec(docs)?.[1] ?? "";
  const text = `---\ntitle: Errors\nseverity: high\n${query}---\n## What is going on\n\n## What to do\n1. Look.\n`;
  expect(parseRunbook("example.md", "example", text)).toMatchObject({ kind: "good" });
});

test.for([
  ["keys", Object.keys(runbookFrontMatter.shape)],
  ["fields of conditions", Object.values(conditionFields).flatMap((fields) => Object.keys(fields))],
  ["group fields", groupFields],
  ["service detectors", serviceDetectorIds],
] as const)("all %s are explained", ([, names]) => {
  expect(names.filter((name) => !docs.includes(`\`${name}\``))).toEqual([]);
});

test("every metric that is explained exists, and the other way round", async () => {
  const { metrics } = await incidentScene();
  const existing = metrics.registry.getMetricsAsArray().map((metric) => metric.name);
  const explained = [...docs.matchAll(/^\| `(gatewatch_incident_\w+)`/gm)].map(([, name]) => name);
  const ofQueries = ["gatewatch_incident_query_failures_total", "gatewatch_incident_query_rows_cut_total"];
  expect(new Set(explained)).toEqual(new Set([...existing, ...ofQueries]));
});
