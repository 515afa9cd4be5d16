import type { ThresholdReport } from "../detect/threshold-sketch.ts";
import type { TrialReport } from "../detect/trial-report.ts";
import { amount } from "./text-layout.ts";

/** Of one detector, where others are told of as well; where it alone is, so many. */
const raisesShown = 2;
const parametersShown = 4;
/** Quantiles of fewer say nothing that the highest doesn't. */
const enoughForQuantiles = 10;

const nameOf = { bought: "who had bought", signedIn: "who had signed in", neither: "who had done neither" } as const;

/** What other thresholds of a detector would have found, and what that suggests; `isAlone`: at more length. */
export function thresholdLines(
  { thresholds, suggestions }: TrialReport,
  { isAlone }: { readonly isAlone: boolean },
): string[] {
  const raises = suggestions.filter(({ kind }) => kind === "raise");
  const told = raises.length > 0 ? raises.slice(0, isAlone ? parametersShown : raisesShown) : suggestions.slice(0, 1);
  const mattering = isAlone
    ? thresholds.slice(0, parametersShown)
    : thresholds.filter(({ parameter }) => parameter === (told[0]?.parameter ?? thresholds[0]?.parameter));
  return [...told.map(({ text }) => `${text}.`), ...mattering.flatMap(parameterLines)];
}

// helpers

function parameterLines({ parameter, multiplesOf, near, at, always, highest, value }: ThresholdReport): string[] {
  const { times, p50, p90, p99, p999, max } = near;
  const spread =
    times < enoughForQuantiles ? "" : `: half of them to ${p50}, 90 % to ${p90}, 99 % to ${p99}, 99.9 % to ${p999}`;
  const most = Object.entries(highest).map(([who, level]) => `${level} of those ${nameOf[who as keyof typeof nameOf]}`);
  return [
    `${parameter}${multiplesOf ? ", as multiples of what they are" : ""}: ${amount(times, "time")} a key came to half of ${value} or more${spread}; at most to ${most.length === 0 ? max : most.join(", ")}`,
    `  detections, by ${multiplesOf ? "the multiple" : "its value"}: ${countsText(at, value)}`,
    ...(always === 0 ? [] : [`  ${always} of them whatever its value is, by another condition`]),
  ];
}

/** Values at which another number is found than at the one before; its own is marked. */
function countsText(at: ThresholdReport["at"], value: number): string {
  const telling = at.filter((one, i) => i === 0 || one.value === value || one.detections !== at[i - 1]!.detections);
  return telling.map((one) => `${one.value === value ? "now " : ""}${one.value}: ${one.detections}`).join(", ");
}
