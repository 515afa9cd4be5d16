import { describe, expect, test } from "vitest";
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
    ["ten accounts failed, six got in", { ...signIns(10, 10, 6), attempts: 40 }, undefined],
    ["twelve accounts failed, six got in", { ...signIns(12, 12, 6), attempts: 40 }, 1],
    ["nine accounts failed, one got in often", { ...signIns(9, 9, 1), attempts: 40 }, undefined],
    [
      "twelve accounts failed, and more than two thirds as many got in",
      { ...signIns(12, 12, 9), attempts: 40 },
      undefined,
    ],
    ["too few failures", signIns(7, 7), undefined],
    ["no accounts in the log, and three times the failures", signIns(24, undefined), 1],
    ["no accounts in the log, and fewer", signIns(23, undefined), undefined],
    ["twenty customers get in: the floors are four times as high", signIns(30, 30, 20), undefined],
    ["twenty customers get in, and it is far above them", signIns(96, 96, 20), 3],
    ["one account of the attacker's own, in between", { ...signIns(20, 20), attempts: 60, customers: known(1) }, 2],
  ] as const)("%s", ([, figures, times]) => {
    expect(triesManyAccounts(figures, p) ? timesTheFloor(figures, p) : undefined).toBe(times);
  });
});
