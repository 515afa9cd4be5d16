import { readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { describe, expect, test } from "vitest";
import { loadRunbooks } from "../../src/incident/load-runbooks.ts";
import { runbookSections, runbookSteps } from "../../src/incident/runbook-steps.ts";
import { serviceDetectorIds } from "../../src/incident/service-kinds.ts";

// What every shipped runbook holds to. A new file in `runbooks/` is checked without a change here.

const root = join(import.meta.dirname, "../..");
const detectors = readdirSync(join(root, "detectors")).map((name) => basename(name, ".ts"));
const { runbooks, problems } = await loadRunbooks([join(root, "runbooks")]);
const all = runbooks.map((runbook) => [runbook.id, runbook] as const);
const byId = new Map(all);

test("every file is a valid runbook", () => {
  expect(problems).toEqual([]);
  const files = readdirSync(join(root, "runbooks")).filter((name) => name.endsWith(".md") && name !== "README.md");
  expect([...byId.keys()].map((id) => `${id}.md`).sort()).toEqual(files.sort());
});

test("every detector, gatewatch's own included, has a runbook that answers it", () => {
  const answered = new Set(runbooks.flatMap((runbook) => runbook.match?.detector ?? []));
  expect([...detectors, ...serviceDetectorIds].filter((id) => !answered.has(id))).toEqual([]);
});

describe.each(all)("%s", (_, runbook) => {
  test("names only detectors and runbooks that exist", () => {
    const known = [...detectors, ...serviceDetectorIds];
    expect((runbook.match?.detector ?? []).filter((id) => !known.includes(id))).toEqual([]);
    expect(runbook.inhibits.filter((id) => !byId.has(id))).toEqual([]);
  });

  test("names no team of its own: shipped ones know only the owner", () => {
    expect([undefined, "owner"]).toContain(runbook.page);
  });

  test("says what is going on, what to do in four steps or more, and how to tell it from a false alarm", () => {
    const sections = runbookSections(runbook.steps);
    const headings = sections.map((section) => section.heading);
    expect(headings.slice(0, 2)).toEqual(["What is going on", "What to do"]);
    expect(headings.filter((heading) => /^It is (an?|none)\b/.test(heading))).toHaveLength(2);
    expect(runbookSteps(runbook.steps).length).toBeGreaterThanOrEqual(4);
  });

  test("can be read at night: short steps, few of them", () => {
    const steps = runbookSteps(runbook.steps);
    expect(steps.length).toBeLessThanOrEqual(7);
    expect(steps.filter((step) => step.length > 300)).toEqual([]);
    expect(runbook.title.length).toBeLessThanOrEqual(60);
  });
});

describe("who is woken and what is blocked", () => {
  test.for(["impossible-travel", "country-surge", "rate-limit-burst"])("%s is shown and not paged", (id) => {
    expect(byId.get(id)?.page).toBeUndefined();
  });

  test.for(["impossible-travel", "country-surge", "payment-storm", "payment-slow-burn"])("%s blocks nobody", (id) => {
    expect(byId.get(id)?.block).toBeUndefined();
  });

  test("a payment storm pages the owner as critical, and is over after five minutes", () => {
    expect(byId.get("payment-storm")).toMatchObject({ severity: "critical", page: "owner", resolveAfterMs: 300_000 });
  });

  test("credential stuffing bans for 15 minutes, then four times longer, up to a day", () => {
    expect(byId.get("credential-stuffing")?.block).toEqual({
      action: "ban",
      forMs: 900_000,
      repeat: { factor: 4, maxMs: 86_400_000 },
      softer: "captcha",
      dryRun: false,
      // Its floor takes many failures and several accounts: two signs already.
      confidence: "low",
    });
  });

  test("nothing is blocked because of gatewatch's own troubles", () => {
    expect(runbooks.filter(({ id, block }) => id.startsWith("gatewatch-") && block)).toEqual([]);
  });
});
