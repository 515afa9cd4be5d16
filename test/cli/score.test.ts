import { describe, expect, test } from "vitest";
import { runCli } from "../../src/cli/cli.ts";
import { runScore } from "../../src/cli/score.ts";
import type { ScoreSize } from "../../src/cli/score-judge.ts";
import { scoreOptions } from "../../src/cli/score-options.ts";
import { seedsOf } from "../../src/score/seeds.ts";
import { testCliContext } from "../support/cli-context.ts";

/** Half an hour with two attacks, in place of days with all of them. */
const small: ScoreSize = {
  scenes: new Map([
    [
      "day",
      {
        ...{ durationMs: 26 * 60_000, rate: 2, customers: 1_000 },
        ...{ attacks: ["credential-stuffing", "probing"], stressors: ["password-manager"] },
      },
    ],
  ]),
  intensities: [10, 0.8],
  clients: 1_024,
};
const options = scoreOptions({ seeds: 1, threads: 1 }, undefined);

describe("the score of a small shop", () => {
  test("in JSON: what is blatant is found, what is below the floor is not, no customer is blocked", async () => {
    const { context, printed } = testCliContext();
    const code = await runScore(
      { ...options, ...small, json: true, check: true, kinds: ["enriched", "bare"] },
      context,
    );
    const score = JSON.parse(printed.stdout) as Record<string, unknown>;
    expect(score).toMatchObject({
      blocks: { wrong: 0 },
      recall: { "10": 1, "3": null, "1.2": null, "0.8": 0 },
      ...{ stormSeconds: null, alertsPerAttack: 1, wrongBlocksPerMillionClientDays: 0 },
      delaySeconds: { p50: expect.any(Number) as number },
      detectors: {
        "credential-stuffing": { recall: { "10": 1, "0.8": 0 }, sees: "all" },
        "card-testing": { recall: { "10": null } },
      },
      kinds: { bare: { detectors: { "account-under-attack": { sees: "blind", recall: { "10": null } } } } },
      ...{ missed: [], missedMarks: [] },
    });
    expect(code).toBe(0);
  });

  test("in two threads it is the same", async () => {
    const only = { detectors: ["probing"], kinds: ["bare" as const], json: true };
    const [one, two] = [testCliContext(), testCliContext()];
    await runScore({ ...options, ...small, ...only, threads: 1 }, one.context);
    await runScore({ ...options, ...small, ...only, threads: 2 }, two.context);
    expect(two.printed.stdout).toBe(one.printed.stdout);
  });

  test("for people: a table for each kind of log, and who is blind", async () => {
    const { context, printed } = testCliContext({ stderrIsTerminal: true });
    await runScore({ ...options, ...small, intensities: [10], kinds: ["bare"] }, context);
    expect(printed.stdout).toContain("Bare logs: nginx's combined format");
    expect(printed.stdout).toMatch(/probing {2,}1 /);
    expect(printed.stdout).toMatch(/Blind here: .*account-under-attack \(userId\)/);
    expect(printed.stderr).toContain("[##############################] 1 of 1");
  });

  test("with a missed mark, --check fails", async () => {
    const { context } = testCliContext();
    // Three failures are no attack for the detector, whatever the simulation takes for its floor.
    const faint = { ...small.scenes!.get("day")!, parametersOf: () => ({ failures: 1 }) };
    const wanted = { ...options, scenes: new Map([["day" as const, faint]]), intensities: [3 as const] };
    const only = { detectors: ["credential-stuffing"], kinds: ["enriched" as const] };
    expect(await runScore({ ...wanted, ...only, check: true }, context)).toBe(1);
  });
});

describe("what may be asked", () => {
  test.for([
    ["an unknown disturbance", ["--disturb", "shuffle,rain"], "Known: shuffle, duplicates, late"],
    ["an unknown kind of log", ["--kind", "golden"], "Allowed choices are enriched, default, bare"],
    ["no seeds", ["--seeds", "0"], "Expected a whole number"],
    ["an unknown detector", ["--detector", "nothing"], "There is no detector nothing"],
  ] as const)("not %s", async ([, args, says]) => {
    const { context, printed } = testCliContext();
    expect(await runCli(["score", ...args], context)).toBeGreaterThan(0);
    expect(printed.stderr).toContain(says);
  });

  test("seeds for tuning are others", () => {
    expect(seedsOf(3, "tuning").some((seed) => seedsOf(3, "score").includes(seed))).toBe(false);
  });
});
