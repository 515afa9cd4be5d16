import type { BaselineService } from "./api/api-services.ts";
import type { DetectStage } from "./detect/detect-stage.ts";
import { hourMs } from "./detect/hour-of-week.ts";

/** What is usual, as the API shows it. */
export function serviceBaselines({ detect }: { readonly detect: Pick<DetectStage, "baselines"> }): BaselineService {
  return {
    now: (of) => {
      const { baselines } = detect;
      const { holdsFrom, learnedTo, timeZone } = baselines.current ?? {};
      const places = baselines.now(of).map(([place, usual]) => ({ place, ...usual }));
      return {
        ...{ holdsFrom, timeZone },
        learnedTo: learnedTo === undefined ? undefined : learnedTo * hourMs,
        places: places.sort((a, b) => b.median - a.median),
      };
    },
    week: (of, place) => detect.baselines.week(of, place),
  };
}
