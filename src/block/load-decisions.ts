import type { Clock } from "../clock.ts";
import type { Store } from "../store/store.ts";
import type { Decision } from "./decision.ts";
import { rememberedMs } from "./ended-decisions.ts";
import { type DecisionLedger, endOf } from "./ledger.ts";
import { waveMs } from "./recent-blocks.ts";

/** As many as the ledger and its memory of the past day hold together. */
const maxLoaded = 300_000;

/** Puts what the store has into the ledger; gives back the automatic blocks of the last ten minutes. */
export async function loadDecisions(options: {
  store: Store;
  ledger: DecisionLedger;
  clock: Clock;
}): Promise<Decision[]> {
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
  return loaded.filter((decision) => decision.state === "active" && decision.createdAt > now - waveMs);
}
