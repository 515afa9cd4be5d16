import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { describe, expect, test } from "vitest";
import { runCli } from "../../src/cli/cli.ts";
import { attacker, backtestLog, customer, logStart } from "../support/backtest-log.ts";
import { testCliContext } from "../support/cli-context.ts";
import { TestClock } from "../support/test-clock.ts";
import { tempDirectory } from "../support/temp-directory.ts";

const small = `
detect: { clients: 1024, firstSeenValues: 1024 }
geo: { database: none }
endpoints:
  - { method: POST, route: /api/login, class: login }
  - { method: POST, route: /api/checkout, class: checkout }
`;
const stuffing = ["--detector", "credential-stuffing"];

type Finding = Readonly<Record<string, unknown>> & { readonly key: { readonly clientIp: string } };

describe("a log of a customer and an attacker", () => {
  test("in JSON: a line for each detection, with these keys and nothing else", async () => {
    const { code, findings, stderr } = await backtest([...stuffing, "--json"]);
    expect(code).toBe(0);
    expect(stderr).toBe("");
    expect(findings.map((finding) => Object.keys(finding))).toEqual(
      findings.map(() => [
        ...["id", "detector", "key", "severity", "confidence", "firstSeen", "firedAt", "lastSeen", "counters"],
        ...["target", "wouldBlock", "refusedBy"],
      ]),
    );
    expect(byClient(findings, attacker)).toMatchObject([
      {
        detector: "credential-stuffing",
        ...{ severity: "high", confidence: "high", firstSeen: logStart + 700_000 },
        counters: { failures: 60, attempts: 60, accounts: 9 },
        ...{ target: { scope: "ip", value: attacker }, wouldBlock: true, refusedBy: [] },
      },
    ]);
    expect(byClient(findings, customer)).toMatchObject([
      { counters: { failures: 11, accounts: 4 }, confidence: "low", wouldBlock: true, refusedBy: [] },
    ]);
  });

  test("for people: who would have been blocked, who of them was a customer, and which threshold spares them", async () => {
    const { stdout, code } = await backtest([...stuffing]);
    expect(code).toBe(0);
    expect(stdout).toContain(
      "2 detections, 2 blocked (1 had bought before)\n  ip 198.51.100.7, who had bought: 4 requests",
    );
    expect(stdout).toMatch(/ip 203\.0\.113\.61: \d+ requests refused, none of which succeeded \(credential-stuffing\)/);
    expect(stdout).toContain("about 2 clients or users (1 had bought before)");
    expect(stdout).toContain(
      "failures: 8 → 12 would have fired 1 instead of 2 times; the largest customer who bought had 11.",
    );
    expect(stdout).not.toMatch(/[^\P{Cc}\n]/u);
  });

  test("who is blind here is told, and lines from the future", async () => {
    const clock = new TestClock("2026-08-22T09:10:00.000Z");
    const { stderr, findings } = await backtest(["--detector", "impossible-travel", "--json"], { clock });
    expect(findings).toEqual([]);
    expect(stderr).toMatch(/^\d+ lines lay in the future of this machine/);
    expect(stderr).toContain(
      "Blind here, since the log lacks what they need (gatewatch try tells what): impossible-travel",
    );
  });

  test("standard input gives the same", async () => {
    const stdin = () => Readable.from([Buffer.from(backtestLog())]);
    const { findings } = await backtest([...stuffing, "--json"], { files: ["-"], stdin });
    expect(findings).toEqual((await backtest([...stuffing, "--json"])).findings);
  });

  test("of a part of the time", async () => {
    const { findings } = await backtest([...stuffing, "--json", "--to", "2026-08-22T09:12:10Z"]);
    expect(findings.map(({ key }) => key.clientIp)).toEqual([attacker]);
    const { findings: later } = await backtest([...stuffing, "--json", "--from", "2026-08-22T09:15"]);
    expect(later).toEqual([]);
  });

  test("a detector that is off is tried when it is named", async () => {
    const config = `${small}\ndetectors: { credential-stuffing: { mode: off } }\n`;
    expect((await backtest([...stuffing, "--json"], { config })).findings).toHaveLength(2);
    const all = (await backtest(["--json", "--detector", "low-and-slow-login,probing"], { config })).findings;
    expect(all).toEqual([]);
  });
});

describe("two versions", () => {
  const stricter = ["--set", "credential-stuffing.failures=12"];

  test("with another setting: each line says which version found it", async () => {
    const { findings } = await backtest([...stuffing, ...stricter, "--json"]);
    expect(findings.map(({ version, key }) => [version, key.clientIp])).toEqual([
      ["config", attacker],
      ["config", customer],
      ["set", attacker],
    ]);
    expect(Object.keys(findings[0]!).at(-1)).toBe("version");
  });

  test("with another configuration: what only one finds, and who is blocked by one alone", async () => {
    const other = join(tempDirectory(), "other.yaml");
    writeFileSync(other, `${small}\nblock: { allow: { addresses: [${attacker}] } }\n`);
    const { stdout } = await backtest([...stuffing, "--against", other]);
    expect(stdout).toContain("Found: no difference\n  1 detector found the same with both");
    expect(stdout).toContain("Blocks: 1 in both (1 had bought before), 0 gained with against, 1 lost");
    expect(stdout).toContain(`lost: ip ${attacker} (credential-stuffing)`);
  });

  test("that read lines differently are both read, in one pass", async () => {
    const other = join(tempDirectory(), "other.yaml");
    writeFileSync(other, small.replace("/api/login, class: login", "/api/login, class: other"));
    const { findings } = await backtest([...stuffing, "--json", "--against", other]);
    expect(findings.map(({ version }) => version)).toEqual(["config", "config"]);
  });

  test("side by side for people", async () => {
    const { stdout } = await backtest([...stuffing, ...stricter]);
    expect(stdout).toMatch(/With .*gatewatch\.yaml: 2 detections, 2 blocked \(1 had bought before\)/);
    expect(stdout).toContain("With credential-stuffing.failures=12: 1 detection, 1 blocked");
    expect(stdout).toMatch(/credential-stuffing {2}1 {5}1 {12}0/);
    expect(stdout).toMatch(/Only config: 1\n.*credential-stuffing {2}clientIp 198\.51\.100\.7/);
    expect(stdout).toContain("Blocks: 1 in both, 0 gained with set, 1 lost (1 had bought before)");
  });
});

describe("in CI", () => {
  test.for<[string, string[], number, string]>([
    ["nothing is expected: 0", [], 0, ""],
    ["nothing is to be found", ["--fail-on", "detections"], 1, "Expectation failed: detections: 2 detections."],
    ["nobody is to be blocked", ["--fail-on", "blocks"], 1, "Expectation failed: blocks: 2 would have been blocked."],
    ["no customer is", ["--fail-on", "customers-blocked"], 1, "Expectation failed: customers-blocked: 1 of those had bought or signed in before."],
    ["a change is none without a difference", ["--fail-on", "changes", "--set", "credential-stuffing.failures=9"], 0, ""],
    ["a change", ["--fail-on", "changes", "--set", "credential-stuffing.failures=12"], 1, "Expectation failed: changes: 0 detections more, 1 fewer; 0 blocks more, 1 fewer."],
    ["the second version counts", ["--fail-on", "customers-blocked", "--set", "credential-stuffing.failures=12"], 0, ""],
  ])("%s", async ([, args, expected, said]) => {
    const { code, stderr } = await backtest([...stuffing, ...args]);
    expect(stderr).toContain(said);
    expect(code).toBe(expected);
  }); // prettier-ignore
});

describe("what it is not asked rightly ends with 2 and says how", () => {
  test.for<[string, string[], string]>([
    ["a detector that isn't there", ["--detector", "no-such"], "There is no detector no-such."],
    ["a setting of one that isn't there", ["--set", "no-such.failures=1"], "there is no detector of this name"],
    ["a parameter that isn't there", ["--set", "credential-stuffing.tries=1"], "detectors.credential-stuffing.params"],
    ["no number", ["--set", "credential-stuffing.failures=many"], "detectors.credential-stuffing.params.failures"],
    ["a mode that isn't there", ["--set", "credential-stuffing.mode=loud"], "Known: active, dry-run, off."],
    ["two second versions", ["--set", "credential-stuffing.failures=9", "--against", "x.yaml"], "--against and --set"],
    ["changes of one version", ["--fail-on", "changes"], "--against or --set"],
    ["no moment", ["--from", "yesterday"], "--from is no moment: yesterday."],
    ["an end before the beginning", ["--from", "1h", "--to", "2h"], "--from is not before --to."],
    ["a format that isn't there", ["--format", "apache"], "There is no format apache."],
  ])("%s", async ([, args, said]) => {
    const { code, stderr } = await backtest(args);
    expect(stderr).toContain(said);
    expect(code).toBe(2);
  });

  test.for<[string, string[], string]>([
    ["a setting that is none", ["--set", "failures=1"], "DETECTOR.PARAM=VALUE"],
    ["offsets that are none", ["--offsets", "9-3"], "PARTITION:FROM-TO"],
    ["an expectation that isn't there", ["--fail-on", "anything"], "detections, blocks, customers-blocked, changes"],
  ])("%s, as every other mistake in an option, ends with 1", async ([, args, said]) => {
    const { code, stderr } = await backtest(args);
    expect(stderr).toContain(said);
    expect(code).toBe(1);
  });

  test.for<[string, string[], string[], string]>([
    ["nothing to be read", [], [], "Nothing is named to be read."],
    ["two things to be read", ["--kafka"], ["access.log"], "One thing is read at a time."],
    ["no Kafka source to read from", ["--kafka"], [], "The configuration has 0 Kafka sources."],
  ])("%s", async ([, args, files, said]) => {
    const { code, stderr } = await backtest(args, {
      files,
      config: `${small}\nsources: [{ name: log, type: stdin }]\n`,
    });
    expect([code, stderr]).toEqual([2, expect.stringContaining(said)]);
  });

  test("a log that isn't there", async () => {
    const { code, stderr } = await backtest([], { files: ["/no/such.log"] });
    expect([code, stderr]).toEqual([2, expect.stringContaining("there is no such file")]);
  });
});

test("a person who watches sees how far it is, and it is wiped away", async () => {
  const { stderr } = await backtest([...stuffing], { stderrIsTerminal: true });
  expect(stderr).toMatch(/\[\.+\] 0 of 1 MB/);
  expect(stderr.endsWith("\r\u001b[K")).toBe(true);
});

// helpers

async function backtest(
  args: readonly string[],
  given: {
    clock?: TestClock;
    config?: string;
    files?: string[];
    stdin?: () => Readable;
    stderrIsTerminal?: boolean;
  } = {},
) {
  const directory = tempDirectory();
  const configFile = join(directory, "gatewatch.yaml");
  const log = join(directory, "access.log");
  writeFileSync(configFile, given.config ?? small);
  writeFileSync(log, backtestLog());
  const { stdin, stderrIsTerminal = false } = given;
  const clock = given.clock ?? new TestClock("2026-08-23T09:00:00.000Z");
  const { context, printed } = testCliContext({ clock, stderrIsTerminal, ...(stdin ? { stdin } : {}) });
  const code = await runCli(["--config", configFile, "backtest", ...(given.files ?? [log]), ...args], context);
  const lines = args.includes("--json") ? printed.stdout.split("\n").filter(Boolean) : [];
  return { code, ...printed, findings: lines.map((line) => JSON.parse(line) as Finding) };
}

function byClient(findings: readonly Finding[], clientIp: string): Finding[] {
  return findings.filter(({ key }) => key.clientIp === clientIp);
}
