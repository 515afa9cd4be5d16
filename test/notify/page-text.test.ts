import { describe, expect, test } from "vitest";
import { pageText, summaryPage } from "../../src/notify/page-text.ts";
import { sampleDetection, sampleEvidence, sampleIncident, sampleRunbook, sampleTime } from "../support/api-samples.ts";
import { hostileText } from "../support/sample-page.ts";

const context = { service: "gatewatch@test", publicUrl: "https://gw.example", now: sampleTime };
const change = {
  kind: "opened",
  incident: sampleIncident(),
  runbook: sampleRunbook(),
  detection: sampleDetection(),
  page: true,
} as const;

test("what people are told", () => {
  expect(pageText(change, "trigger", context)).toMatchInlineSnapshot(`
    {
      "at": 1787389200000,
      "evidence": [
        "08:58:30.000Z POST /api/login 401 from 203.0.113.7 (NL) user u-17 "python-requests/2.32"",
      ],
      "facts": [
        [
          "clientIp",
          "203.0.113.7",
        ],
        [
          "attempts",
          "41",
        ],
        [
          "failures",
          "40",
        ],
        [
          "accounts",
          "38",
        ],
        [
          "route",
          "/api/login",
        ],
      ],
      "incidentId": "inc_00000000000000a1",
      "incidentUrl": "https://gw.example/incidents/inc_00000000000000a1",
      "kind": "trigger",
      "openedAt": 1787389140000,
      "runbookUrl": "https://gw.example/runbooks/credential-stuffing",
      "service": "gatewatch@test",
      "severity": "critical",
      "state": "open",
      "steps": [
        "Look at the evidence.",
        "Was a login ok after the failures?",
      ],
      "summary": "40 of 41 logins from 203.0.113.7 failed, on 38 accounts.",
      "team": "identity",
      "title": "Credential stuffing on login",
    }
  `);
});

test("who ended it is said first", () => {
  const incident = sampleIncident({ state: "resolved", resolvedBy: "alice" });
  const page = pageText({ ...change, kind: "resolved", incident, detection: undefined }, "resolve", context);
  expect(page.summary).toMatch(/^Resolved by alice\. 40 of 41/);
  expect(page.facts).toEqual([["keys", "clientIp 203.0.113.7"]]);
  expect(page.evidence).toEqual([]);
});

test("figures: unknown is not zero, and fractions have three digits", () => {
  const detection = sampleDetection({ counters: { accounts: null, share: 0.123456, failures: 40 } });
  const { facts } = pageText({ ...change, detection }, "trigger", context);
  expect(facts.slice(1, 4)).toEqual([
    ["accounts", "unknown"],
    ["share", "0.123"],
    ["failures", "40"],
  ]);
});

test("all text is bounded and without control or direction-changing characters", () => {
  const long = `${hostileText}${"x".repeat(1_000_000)}`;
  const evidence = sampleEvidence({ userAgent: long, path: long, userId: long });
  const page = pageText(
    {
      ...change,
      incident: sampleIncident({ title: long, summary: long, keys: [long] }),
      detection: sampleDetection({ key: { clientIp: long }, evidence: Array.from({ length: 10 }, () => evidence) }),
    },
    "trigger",
    { ...context, service: long },
  );
  expect(page.evidence.length).toBe(5);
  expect(JSON.stringify(page).length).toBeLessThan(8_000);
  for (const text of [page.title, page.summary, page.service, ...page.evidence, ...page.facts.flat()]) {
    expect(text).not.toMatch(/[\p{Cc}\u202A-\u202E\u2066-\u2069]/u);
  }
});

test("a summary of many incidents names the newest and counts the rest", () => {
  const open = Array.from({ length: 9 }, (_, i) => ({ id: `inc_${i}`, team: "t", title: `T${i}`, severity: "high" }));
  const page = summaryPage({ ...context, team: "t", open, until: sampleTime + 3_600_000, perHour: 5 });
  expect(page.title).toBe("9 incidents are open for t");
  expect(page.evidence.at(-1)).toBe("and 5 more");
  expect(page.incidentUrl).toBe("https://gw.example/");
  const [only] = open;
  const one = summaryPage({ ...context, team: "t", open: [only!], until: sampleTime, perHour: 5 });
  expect(one.title).toBe("1 incident is open for t");
});

describe("steps of a runbook", () => {
  test.for([
    ["a numbered list", "## What to do\n\n1. One\n2. Two\n", ["One", "Two"]],
    [
      "formatting and links as plain text",
      "## What to do\n1. Look at **the** `log` [here](http://x)\n",
      ["Look at the log here"],
    ],
    ["a step over two lines", "## What to do\n1. One\n   and more\n", ["One and more"]],
    ["nested lists left out", "## What to do\n1. One\n   - detail\n2. Two\n", ["One", "Two"]],
    ["only its own section", "## What is going on\n- no\n## What to do\n1. One\n## Afterwards\n1. no\n", ["One"]],
    ["six at most", `## What to do\n${"1. step\n".repeat(9)}`, Array.from({ length: 6 }, () => "step")],
    ["no such section", "## Other\n1. One\n", []],
    ["no text at all", "", []],
    ["HTML as text", "## What to do\n1. <script>alert(1)</script>\n", ["<script>alert(1)</script>"]],
  ] as [string, string, string[]][])("%s", ([, markdown, steps]) => {
    const runbook = { ...sampleRunbook(), steps: markdown };
    expect(pageText({ ...change, runbook }, "trigger", context).steps).toEqual(steps);
  });
});
