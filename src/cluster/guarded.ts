import type { Enforcer } from "../block/decision.ts";
import type { Notifier } from "../notify/notifier.ts";

/** Resolves once it is certain whether this instance still acts; `false`: another one does. */
export type MayAct = () => Promise<boolean>;

/** Channels that tell people nothing unless this instance still acts. */
export function guardNotifiers(
  notifiers: ReadonlyMap<string, Notifier>,
  mayAct: MayAct,
): ReadonlyMap<string, Notifier> {
  return new Map([...notifiers].map(([name, notifier]) => [name, guardNotifier(notifier, mayAct)]));
}

/** A gateway that is told nothing unless this instance still acts. */
export function guardEnforcer(enforcer: Enforcer, mayAct: MayAct): Enforcer {
  return {
    name: enforcer.name,
    type: enforcer.type,
    async apply(change, signal) {
      if (!(await mayAct())) throw new Error(passed);
      signal.throwIfAborted();
      await enforcer.apply(change, signal);
    },
    ...(enforcer.close && { close: () => enforcer.close!() }),
  };
}

// helpers

const passed = "another instance does this now";

function guardNotifier(notifier: Notifier, mayAct: MayAct): Notifier {
  return {
    channel: notifier.channel,
    type: notifier.type,
    idempotent: notifier.idempotent,
    ...(notifier.minIntervalMs !== undefined && { minIntervalMs: notifier.minIntervalMs }),
    async send(page, signal) {
      // Waiting for certainty can take longer than the send may.
      if (!(await mayAct()) || signal.aborted) {
        return { kind: "retry", reason: "network", detail: passed, afterMs: undefined };
      }
      return notifier.send(page, signal);
    },
    ...(notifier.close && { close: () => notifier.close!() }),
  };
}
