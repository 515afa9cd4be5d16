import type { Clock } from "../clock.ts";
import { loadDetections } from "../incident/saved-incidents.ts";
import type { Store } from "../store/store.ts";
import type { Decision } from "./decision.ts";
import { rememberedMs } from "./ended-decisions.ts";
import { type DecisionLedger, endOf } from "./ledger.ts";
import { loginsOf } from "./login-outage.ts";
import { type Logins, waveMs } from "./recent-blocks.ts";

const noLogins: Logins = { attempts: 0, failures: 0 };

/** As many as the ledger and its memory of the past day hold together. */
const maxLoaded = 300_000;

/** An automatic block of the last ten minutes, and the logins it was about. */
interface RecentBlock {
  readonly decision: Decision;
  readonly logins: Logins;
}

/** Puts what the store has into the ledger; gives back the automatic blocks of the last ten minutes. */
export async function loadDecisions(options: {
  store: Store;
  ledger: DecisionLedger;
  clock: Clock;
}): Promise<RecentBlock[]> {
  const { store, ledger, clock } = options;
  const now = clock.now();
  const loaded = await store.latest<Decision>(
    "decisions",
    "state IN ('active', 'asked') OR createdAt >= fromUnixTimestamp64Milli({since:Int64})",
    { since: now - rememberedMs },
    maxLoaded,
  );
  const [last] = await store.query<{ number: number | string | null }>("SELECT max(number) AS number FROM decisions");
  ledger.startIdsAfter(Number(last?.number ?? 0));
  ledger.put(...loaded.sort((a, b) => endOf(a) - endOf(b)));
  const recent = loaded.filter(
    ({ state, origin, createdAt }) => state === "active" && origin === "runbook" && createdAt > now - waveMs,
  );
  // Or the guard would take the attempts of those who are blocked for failures of everybody else.
  const detections = await loadDetections(
    store,
    recent.flatMap(({ detection }) => detection ?? []),
  );
  const logins = new Map(detections.map((detection) => [detection.id, loginsOf(detection)]));
  return recent.map((decision) => ({ decision, logins: logins.get(decision.detection ?? "") ?? noLogins }));
}
