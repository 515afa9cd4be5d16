import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { loadRunbooks } from "../../src/incident/load-runbooks.ts";
import { parseRunbook } from "../../src/incident/parse-runbook.ts";
import { runbookSteps } from "../../src/incident/runbook-steps.ts";
import { tempDirectory } from "../support/temp-directory.ts";

const steps = "## What is going on\nAn attack.\n\n## What to do\n1. Look.\n2. Act.\n";
const head = ["title: Slow checkout", "match: { detector: [payment-storm] }", "severity: high"];

/** A runbook of these lines; one that is given replaces the line with the same key. */
function runbook(lines: readonly string[], body = steps): string {
  const key = (line: string) => line.split(":")[0];
  const kept = head.filter((line) => !lines.some((other) => key(other) === key(line)));
  return ["---", ...kept, ...lines.filter((line) => !line.endsWith(": -")), "---", body].join("\n");
}

const parse = (text: string) => parseRunbook("runbooks/slow-checkout.md", "slow-checkout", text);

describe("a good runbook", () => {
  test("is read with its defaults", () => {
    expect(parse(runbook([]))).toMatchObject({
      kind: "good",
      runbook: {
        id: "slow-checkout",
        file: "runbooks/slow-checkout.md",
        match: { detector: ["payment-storm"], severity: undefined },
        group: [],
        page: undefined,
        block: undefined,
        inhibits: [],
        resolveAfterMs: 900_000,
        steps: steps.trim(),
      },
    });
  });

  test("may watch the store", () => {
    const text = runbook(["match: -", "query: { sql: SELECT route FROM endpoint_minutes, every: 30s, key: [route] }"]);
    expect(parse(text)).toMatchObject({
      runbook: { match: undefined, query: { everyMs: 30_000, key: ["route"] } },
    });
  });

  test("may have been written on Windows", () => {
    expect(parse(runbook([]).replaceAll("\n", "\r\n"))).toMatchObject({ kind: "good" });
  });

  test("gives its numbered steps as plain text, the nested and the bulleted ones left out", () => {
    const body = "## What to do\n- no\n\n1. Look **at**\n   `it`\n   1. inner\n2. Act\n\n## Afterwards\n1. no\n";
    expect(runbookSteps(body)).toEqual(["Look at it", "Act"]);
  });
});

describe("a broken runbook", () => {
  test.for([
    ["unknown key", ["sevrity: high"], { path: "sevrity", line: 5, message: "did you mean `severity`" }],
    ["no severity", ["severity: -"], { path: "severity", message: "is missing" }],
    ["unknown severity", ["severity: hihg"], { path: "severity", line: 4, message: "did you mean `high`" }],
    ["neither match nor query", ["match: -"], { path: "match", message: "expected `match` or `query`" }],
    ["both", ["query: { sql: SELECT 1, every: 30s, key: [a] }"], { path: "query", message: "not both" }],
    [
      "asked too often",
      ["match: -", "query: { sql: SELECT 1, every: 1s, key: [a] }"],
      { path: "query.every", message: "at least 5s" },
    ],
    [
      "no question",
      ["match: -", "query: { sql: DROP TABLE incidents, every: 30s, key: [a] }"],
      { path: "query.sql", message: "expected a SELECT" },
    ],
    ["unknown dimension", ["group: [clientip]"], { path: "group", message: "can't group by `clientip`" }],
    [
      "time without unit",
      ["block: { action: ban, for: 15 }"],
      { path: "block.for", line: 5, message: "found a number" },
    ],
    ["unknown action", ["block: { action: bann, for: 15m }"], { path: "block.action", message: "did you mean `ban`" }],
    [
      "mistyped field",
      ["when: detection.severty == 'x'"],
      { path: "when", line: 5, message: "No such key: severty, at character 11" },
    ],
    ["wrong type", ["when: detection.severity > 3"], { path: "when", message: "no such overload" }],
    ["no condition", ["when: incident.detections"], { path: "when", message: "must be true or false" }],
    ["no YAML", ["group: [a"], { path: "line 6", line: 6, message: "left open" }],
  ] as const)("%s", ([, lines, problem]) => {
    const parsed = parse(runbook(lines));
    expect(parsed).toMatchObject({ kind: "bad" });
    const problems = parsed.kind === "bad" ? parsed.problems : [];
    expect(problems).toContainEqual(
      expect.objectContaining({ ...problem, message: expect.stringContaining(problem.message) as string }),
    );
  });

  test.for([
    ["no front matter", "# Slow checkout\n", "between two lines of `---`"],
    ["no steps", runbook([], "## What is going on\nx\n\n## What to do\nLook.\n"), "no numbered steps"],
    ["no section", runbook([], "## What to do\n1. Look.\n"), '"What is going on" is missing'],
    [
      "steps in a code block only",
      runbook([], "## What is going on\n\n## What to do\n```\n1. Look.\n```\n"),
      "no numbered",
    ],
  ] as const)("%s", ([, text, message]) => {
    const parsed = parse(text);
    expect(parsed.kind === "bad" && parsed.problems.map((problem) => problem.message)).toEqual([
      expect.stringContaining(message),
    ]);
  });

  test("tells everything at once, with an example", () => {
    const parsed = parse(runbook(["severity: hihg", "titel: x", "when: nope"], "nothing\n"));
    const problems = parsed.kind === "bad" ? parsed.problems : [];
    expect(problems.map((problem) => problem.path)).toEqual(
      expect.arrayContaining(["severity", "titel", "when", "line 8"]),
    );
    expect(problems.find((problem) => problem.path === "severity")?.example).toBe("severity: high");
  });
});

describe("folders", () => {
  test("a file of the same name takes the place of a shipped one; others and the README are left alone", async () => {
    const [shipped, own] = [join(tempDirectory(), "shipped"), tempDirectory()];
    mkdirSync(shipped);
    writeFileSync(join(shipped, "slow-checkout.md"), runbook([]));
    writeFileSync(join(shipped, "other.md"), runbook([]));
    writeFileSync(join(shipped, "README.md"), "# Runbooks");
    writeFileSync(join(shipped, "notes.txt"), "x");
    writeFileSync(join(own, "slow-checkout.md"), runbook(["title: Ours"]));
    const { runbooks, problems } = await loadRunbooks([shipped, own]);
    expect(problems).toEqual([]);
    expect(runbooks.map(({ id, title }) => [id, title])).toEqual([
      ["other", "Slow checkout"],
      ["slow-checkout", "Ours"],
    ]);
  });

  test("problems of all files and folders come back together", async () => {
    const folder = tempDirectory();
    writeFileSync(join(folder, "a.md"), "x");
    writeFileSync(join(folder, "Not Good.md"), runbook([]));
    mkdirSync(join(folder, "folder.md"));
    writeFileSync(join(folder, "huge.md"), "x".repeat(300_000));
    writeFileSync(join(folder, "good.md"), runbook([]));
    const missing = join(folder, "nowhere");
    const { runbooks, problems } = await loadRunbooks([folder, missing]);
    expect(runbooks.map(({ id }) => id)).toEqual(["good"]);
    expect(problems.map(({ file, message }) => `${file.slice(folder.length + 1)}: ${message}`)).toEqual([
      "nowhere: can't be read (ENOENT)",
      "Not Good.md: a runbook's file name consists of lower-case letters, digits and hyphens",
      "a.md: expected the rule first, between two lines of `---`",
      "folder.md: can't be read (EISDIR)",
      "huge.md: expected at most 256 KiB",
    ]);
  });
});
