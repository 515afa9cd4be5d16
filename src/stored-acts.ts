import { ApiError } from "./api/api-error.ts";
import type { ApiServices } from "./api/api-services.ts";
import { type Clock, sleep } from "./clock.ts";
import type { Store } from "./store/store.ts";

const withinMs = 5_000;

/**
 * What people do by hand is answered once the store has it, not only this machine's journal: whoever
 * takes over doesn't read that, and can't find a click again in the logs.
 */
export function storedActs(
  services: ApiServices,
  { store, clock }: { readonly store: Pick<Store, "flush">; readonly clock: Clock },
): ApiServices {
  const stored = async <T>(act: Promise<T>): Promise<T> => {
    const result = await act;
    const enough = new AbortController();
    const outcome = await Promise.race([
      store.flush().then(() => "stored" as const),
      sleep(clock, withinMs, enough.signal).then(() => "late" as const),
    ]).finally(() => enough.abort());
    if (outcome === "stored") return result;
    throw new ApiError("UNAVAILABLE", "It is done, and the store does not have it yet.", {
      remedy: "Look again when the store answers: should another instance take over before, it is undone.",
    });
  };
  const { incidents, decisions, silences } = services;
  return {
    ...services,
    incidents: {
      ...incidents,
      acknowledge: (id, by) => stored(incidents.acknowledge(id, by)),
      resolve: (id, by) => stored(incidents.resolve(id, by)),
    },
    decisions: {
      ...decisions,
      add: (decision) => stored(decisions.add(decision)),
      lift: (id, by, reason) => stored(decisions.lift(id, by, reason)),
      confirm: (id, by) => stored(decisions.confirm(id, by)),
    },
    silences: {
      ...silences,
      create: (silence, by) => stored(silences.create(silence, by)),
      end: (id, by) => stored(silences.end(id, by)),
    },
  };
}
