import { type Network, clientNetwork, formatNetwork, parseNetwork } from "./address.ts";
import type { Decision } from "./decision.ts";
import type { DecisionLedger } from "./ledger.ts";
import { targetNetwork } from "./target.ts";

/** What holds or waits for a person: by id, by uuid, or all on a value; an address may be written in any way. */
export function findCurrent(ledger: DecisionLedger, which: number | string): Decision[] {
  const one = typeof which === "number" ? ledger.byId(which) : ledger.get(which);
  const network = parseNetwork(String(which));
  const value = network ? formatNetwork(clientNetwork(network)) : which;
  const found = one ? [one] : [...ledger.current()].filter((decision) => decision.value === value);
  return found.filter((decision) => decision.state === "active" || decision.state === "asked");
}

/** What gatewatch itself decided about addresses that fit, and what holds or waits. */
export function automaticOn(ledger: DecisionLedger, fits: (network: Network) => boolean): Decision[] {
  return [...ledger.current()].filter((decision) => {
    const network = decision.origin === "runbook" ? targetNetwork(decision) : undefined;
    return network !== undefined && fits(network);
  });
}
