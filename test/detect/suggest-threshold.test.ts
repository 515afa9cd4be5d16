import { expect, test } from "vitest";
import { suggestThreshold, suggestThresholds } from "../../src/detect/suggest-threshold.ts";
import type { AtValue, ThresholdReport } from "../../src/detect/threshold-sketch.ts";

const day = 86_400_000;
const at = (value: number, detections: number, bought = 0, signedIn = 0): AtValue => ({
  ...{ value, detections, bought, signedIn },
});

function aReport(of: Partial<ThresholdReport>): ThresholdReport {
  return {
    ...{ parameter: "failures", value: 8, always: 0, highest: {}, at: [] },
    near: { times: 1, p50: 4, p90: 4, p99: 4, p999: 4, max: 4 },
    ...of,
  };
}

test.for<[string, Partial<ThresholdReport>, number, string | undefined]>([
  ["raises it above the customers", { at: [at(8, 310, 3), at(10, 50, 1), at(12, 40), at(14, 20)], highest: { bought: 11, neither: 40 } }, 10 * day, "raise failures: 8 → 12 would have fired 4 instead of 31 times a day; the largest customer who bought had 11"],
  ["not for those who only signed in: an attacker who got in has, too", { at: [at(8, 5, 0, 2), at(10, 1)], highest: { signedIn: 9 } }, day, "keep failures: 8 fired 5 times a day; 2 of them had signed in before: customers, or attackers who got in"],
  ["by who bought, though others came further", { at: [at(8, 5, 1, 2), at(10, 2, 0, 2)], highest: { bought: 9, signedIn: 70 } }, day, "raise failures: 8 → 10 would have fired 2 instead of 5 times a day; the largest customer who bought had 9"],
  ["says how often it was where less than a day was seen", { at: [at(8, 5, 1), at(10, 2)], highest: { bought: 9 } }, day / 24, "raise failures: 8 → 10 would have fired 2 instead of 5 times; the largest customer who bought had 9"],
  ["says who is left", { at: [at(8, 5, 3), at(10, 2, 1), at(20, 2, 1)], highest: { bought: 90 } }, day, "raise failures: 8 → 10 would have fired 2 instead of 5 times a day; the largest customer who bought had 90; 1 who had bought would still have been found"],
  ["nothing where no value spares a customer", { at: [at(8, 5, 3), at(10, 4, 3)], highest: { bought: 90 } }, day, undefined],
  ["keeps what found no customer", { at: [at(8, 31), at(10, 2)], highest: { neither: 12 } }, day, "keep failures: 8 fired 31 times a day; no customer is known among them"],
  ["keeps what is about nobody", { at: [at(8, 31), at(10, 2)] }, day, "keep failures: 8 fired 31 times a day; its keys are no single clients or users"],
  ["may go as low as nothing is found", { at: [at(4, 2), at(5, 0), at(6, 0), at(8, 0)] }, day, "could-lower failures: 8 → 5 would have fired no more often; the nearest came to 4"],
  ["not lower than what is near", { at: [at(4, 2), at(6, 1), at(8, 0)] }, day, undefined],
])("%s", ([, report, span, expected]) => {
  const suggestion = suggestThreshold(aReport(report), span);
  expect(suggestion && `${suggestion.kind} ${suggestion.text}`).toBe(expected);
}); // prettier-ignore

const together = { parameter: "failures, accounts", multiplesOf: { failures: 8, accounts: 3 }, value: 1 };

test.for<[string, Partial<ThresholdReport>[], string[]]>([
  ["together, where no single one spares a customer", [{ at: [at(8, 5, 1), at(12, 4, 1)] }, { ...together, at: [at(1, 5, 1), at(1.5, 2)], highest: { bought: 1.38 } }], ["raise failures: 8 → 12, accounts: 3 → 5 would have fired 2 instead of 5 times a day; the largest customer who bought had 1.38 times all of them"]],
  ["not together, where a single one does", [{ at: [at(8, 5, 1), at(12, 4)], highest: { bought: 11 } }, { ...together, at: [at(1, 5, 1), at(1.5, 2)], highest: { bought: 1.38 } }], ["raise failures: 8 → 12 would have fired 4 instead of 5 times a day; the largest customer who bought had 11"]],
  ["not together, where nothing is to be raised", [{ at: [at(8, 5), at(12, 4)], highest: { neither: 9 } }, { ...together, at: [at(1, 5)], highest: { neither: 2 } }], ["keep failures: 8 fired 5 times a day; no customer is known among them"]],
])("%s", ([, reports, expected]) => {
  const suggestions = suggestThresholds(reports.map(aReport), day);
  expect(suggestions.map(({ kind, text }) => `${kind} ${text}`)).toEqual(expected);
}); // prettier-ignore

test("a suggestion has the parameters as they are to be set", () => {
  const customers = { at: [at(1, 5, 1), at(1.5, 2)], highest: { bought: 1.38 } };
  expect(suggestThreshold(aReport({ ...together, ...customers }), day)).toMatchObject({
    ...{ kind: "raise", to: 1.5, params: { failures: 12, accounts: 5 } },
  });
  const single = { at: [at(8, 5, 1), at(12, 2)], highest: { bought: 11 } };
  expect(suggestThreshold(aReport(single), day)).toMatchObject({ to: 12, params: { failures: 12 } });
});
