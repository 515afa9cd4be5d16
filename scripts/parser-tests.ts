// Reads the lines of others' parser tests and compares: the same client, method, path, status and time.
// npm run parser-tests -- --hub DIR --logstash DIR
// DIR is a checkout (or the git directory alone) of crowdsecurity/hub, or of logstash-plugins/logstash-patterns-core.
// Both stay where they are: none of their lines is ours.
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { compareCase, type Comparison } from "./parser-tests/compare-case.ts";
import { hubCases } from "./parser-tests/hub-cases.ts";
import { knownDifferences } from "./parser-tests/known-differences.ts";
import { logstashCases } from "./parser-tests/logstash-cases.ts";

const { values } = parseArgs({ options: { hub: { type: "string" }, logstash: { type: "string" } } });
if (values.hub === undefined && values.logstash === undefined) {
  console.error("usage: npm run parser-tests -- --hub DIR --logstash DIR (one of the two is enough)");
  process.exit(2);
}

const scratch = mkdtempSync(path.join(tmpdir(), "parser-tests-"));
try {
  const cases = [
    ...(values.hub === undefined ? [] : hubCases(checkoutOf(values.hub, ".tests"))),
    ...(values.logstash === undefined ? [] : logstashCases(checkoutOf(values.logstash, "spec"))),
  ];
  process.exitCode = report(cases.map((one) => compareCase(one, proxiesOf(one.suite))));
} finally {
  rmSync(scratch, { recursive: true });
}

/** The proxies that stood before the gateways whose logs the tests have; theirs believe whatever the header says. */
function proxiesOf(suite: string): readonly string[] {
  switch (suite) {
    case "CrowdSec caddy":
      // Docker's network.
      return ["172.17.0.0/16"];
    case "CrowdSec traefik":
      // Cloudflare's.
      return ["172.64.0.0/13"];
    default:
      return [];
  }
}

/** The folder itself, or what the git directory there holds, put where it is deleted afterwards. */
function checkoutOf(given: string, part: string): string {
  if (existsSync(path.join(given, part))) return given;
  const target = mkdtempSync(path.join(scratch, "checkout-"));
  const archive = path.join(target, "archive.tar");
  execFileSync("git", ["--git-dir", given, "archive", "-o", archive, "HEAD", part]);
  execFileSync("tar", ["-xf", archive, "-C", target]);
  return target;
}

/** Prints the table, and what differs; 1 when something does that should not. */
function report(comparisons: readonly Comparison[]): number {
  const suites = Map.groupBy(comparisons, ({ parserCase }) => parserCase.suite);
  console.log("suite                 lines  same  no record, as expected  differ as meant  WRONG");
  let wrong = 0;
  for (const [suite, all] of suites) {
    const differing = all.filter(({ differences }) => differences.length > 0);
    const meant = differing.filter((one) => knownDifferences.some(({ holds }) => holds(one)));
    const none = all.filter(
      ({ parserCase, differences }) => parserCase.expected === undefined && differences.length === 0,
    );
    const same = all.length - differing.length - none.length;
    wrong += differing.length - meant.length;
    const figures = [all.length, same, none.length, meant.length, differing.length - meant.length];
    const widths = [7, 6, 24, 17, 7];
    console.log(suite.padEnd(20) + figures.map((figure, i) => String(figure).padStart(widths[i] ?? 7)).join(""));
  }
  for (const known of knownDifferences) {
    const held = comparisons.filter((one) => one.differences.length > 0 && known.holds(one));
    console.log(`\n${held.length} × ${known.reason}`);
    for (const { parserCase } of held) console.log(`    ${parserCase.suite}, ${parserCase.name}`);
  }
  for (const one of comparisons) {
    if (one.differences.length === 0 || knownDifferences.some(({ holds }) => holds(one))) continue;
    const { suite, name, line } = one.parserCase;
    console.log(
      `\nWRONG ${suite}, ${name}, read as ${one.format}\n    ${one.differences.join("; ")}\n    ${line.slice(0, 400)}`,
    );
  }
  return wrong === 0 ? 0 : 1;
}
