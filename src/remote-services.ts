import { ApiError } from "./api/api-error.ts";
import type { ApiServices } from "./api/api-services.ts";

/** What the API of an instance that doesn't work speaks to: checks alone, since all else is handed on before. */
export function remoteServices(own: Pick<ApiServices, "check" | "ready">): ApiServices {
  return {
    ...own,
    incidents: { list: away, get: away, acknowledge: away, resolve: away },
    detections: { list: away, get: away },
    detectors: { list: away, get: away, report: away },
    decisions: { list: away, add: away, lift: away, confirm: away },
    silences: { list: away, create: away, end: away },
    deliveries: { list: away },
    runbooks: { list: away, get: away },
    baselines: { now: away, week: away },
    logs: { maxBodyBytes: 0, accept: away },
    blocking: { stop: away, resume: away },
    why: away,
    status: away,
  };
}

// helpers

function away(): never {
  throw new ApiError("UNAVAILABLE", "Another instance does this now.");
}
