import { describe, expect, test } from "vitest";
import type { JudgeContext } from "../../src/detect/define-detector.ts";
import { noContext } from "../../src/detect/judge-context.ts";
import { timesTheFloor, triedAccountsParams, triesManyAccounts } from "../../src/detect/tried-accounts.ts";

const p = triedAccountsParams.parse({});
const known = (value: number) => ({ known: true, value });
const unknown = { known: false, value: 0 };

/** Sign-ins of one client: so many failed over so many accounts, so many customers got in once each. */
const signIns = (failures: number, accounts: number | undefined, customers = 0) => ({
  failures,
  attempts: failures + customers,
  accounts: accounts === undefined ? unknown : known(accounts),
  customers: customers === 0 ? unknown : known(customers),
});

/** So many times the floors; `undefined`: it does not fire. */
describe("many accounts are tried from one client", () => {
  test.for([
    ["just at the floor", signIns(8, 3), 1],
    ["three times as many failures, on few accounts", signIns(24, 3), 1],
    ["three times as many of both", signIns(24, 9), 3],
    ["thirty accounts, once each", signIns(30, 30), 3.75],
    ["too few accounts", signIns(40, 2), undefined],
    ["a fifth succeeded", { ...signIns(8, 3), attempts: 10 }, 1],
    ["more than a fifth succeeded", { ...signIns(8, 3), attempts: 11 }, undefined],
    ["ten accounts failed, six got in", { ...signIns(10, 10, 6), attempts: 40 }, 1],
    ["ten accounts failed, seven got in", { ...signIns(10, 10, 7), attempts: 40 }, undefined],
    ["nine accounts failed, one got in often", { ...signIns(9, 9, 1), attempts: 40 }, undefined],
    ["too few failures", signIns(7, 7), undefined],
    ["no accounts in the log, and three times the failures", signIns(24, undefined), 1],
    ["no accounts in the log, and fewer", signIns(23, undefined), undefined],
    ["one account of the attacker's own, in between", { ...signIns(20, 20), attempts: 60, customers: known(1) }, 2],
  ] as const)("%s", ([, figures, times]) => {
    expect(timesOver(figures, noContext)).toBe(times);
  });

  test.for([
    ["twenty customers got in today: the floors are four times as high", signIns(31, 31), undefined],
    ["and it is just at them", signIns(32, 32), 1],
    ["and far above them", signIns(96, 96), 3],
    ["no accounts in the log", signIns(96, undefined), 1],
  ] as const)("%s", ([, figures, times]) => {
    expect(timesOver(figures, { ...noContext, successfulUsers: 20 })).toBe(times);
  });
});

function timesOver(figures: ReturnType<typeof signIns>, context: JudgeContext) {
  return triesManyAccounts(figures, p, context) ? timesTheFloor(figures, p, context) : undefined;
}
