import { baselineConfidences, baselineLevels, type BaselineMeasure, placeName } from "./baseline.ts";
import { type BaselineCells, emptyCells } from "./baseline-table.ts";
import { Baselines } from "./baselines.ts";
import type { ExampleBaseline } from "./define-detector.ts";

const weeks = 4;

/** What an example says is usual, as if it had been learned from four weeks that were all alike. */
export function exampleBaselines(given: readonly ExampleBaseline[] = []): Baselines {
  const baselines = new Baselines();
  const places = new Map<string, Partial<Record<BaselineMeasure, BaselineCells>>>();
  for (const { of, median, spread = median / 10, confidence = "high", ...place } of given) {
    const cells = emptyCells();
    cells.median.fill(median);
    cells.spread.fill(spread);
    cells.samples.fill(weeks);
    cells.level.fill(baselineLevels.indexOf("hour-of-week"));
    cells.confidence.fill(baselineConfidences.indexOf(confidence));
    places.set(placeName(place), { ...places.get(placeName(place)), [of]: cells });
  }
  if (places.size > 0) baselines.publish({ holdsFrom: 0, learnedTo: 0, timeZone: "UTC", places });
  return baselines;
}
