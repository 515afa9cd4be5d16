import type { Clock } from "../clock.ts";
import type { Target } from "../detect/detection.ts";
import type { Store } from "../store/store.ts";
import { formatDuration } from "../units.ts";
import type { AllowList } from "./allow-list.ts";
import { clientNetwork, formatNetwork, parseNetwork } from "./address.ts";
import type { BlockConfig } from "./block-config.ts";
import { describe } from "./decision-maker.ts";
import type { Decision, Verdict } from "./decision.ts";
import type { DecisionLedger } from "./ledger.ts";
import type { NetworkList } from "./network-list.ts";
import { specialKind } from "./special-networks.ts";

/** Blocking's part of `gatewatch why`. Lines are plain sentences; names in them may be hostile. */
export interface BlockExplanation {
  readonly subject: string;
  readonly lines: readonly string[];
  /** All decisions on it, past and present, the newest first. */
  readonly decisions: readonly Decision[];
  /** What each rule of the guard said, of the newest decision that was judged. */
  readonly verdicts: readonly Verdict[];
}

/** More than these are in the store, and no help in finding out why. */
const maxDecisions = 100;

/** Explains an address, a user, a key, a session, or the reference of a decision. */
export async function explain(
  subject: string,
  known: {
    readonly ledger: DecisionLedger;
    readonly store: Pick<Store, "latest">;
    readonly clock: Clock;
    readonly allow: AllowList;
    readonly own: NetworkList;
    readonly serving: { readonly mode: BlockConfig["mode"]; readonly stopped: boolean };
  },
): Promise<BlockExplanation> {
  const text = subject.trim().slice(0, 300);
  const network = parseNetwork(text);
  const value = network ? formatNetwork(clientNetwork(network)) : text;
  const decisions = await decisionsOn(value, known);
  const judged = decisions.find((decision) => decision.verdicts.length > 0);
  const lines = [
    ...servingLines(known.serving),
    ...(network ? addressLines(value, known) : nameLines(value, known.allow)),
    ...(decisions.length === 0 ? ["There was no decision about it."] : []),
    ...decisions.map((decision) => decisionLine(decision, known.clock.now())),
    ...(judged?.verdicts ?? []).map((verdict) => `Rule ${verdict.rule} said ${verdict.says}: ${verdict.reason}.`),
  ];
  return { subject: text, lines, decisions, verdicts: judged?.verdicts ?? [] };
}

// helpers

async function decisionsOn(
  value: string,
  { ledger, store }: { readonly ledger: DecisionLedger; readonly store: Pick<Store, "latest"> },
): Promise<Decision[]> {
  const stored = await store.latest<Decision>(
    "decisions",
    "id = {value:String} OR value = {value:String}",
    { value },
    maxDecisions,
  );
  // Memory is newer than the store, and knows the ranges around an address.
  const named = (decision: Decision) => decision.uuid === value || decision.value === value;
  const inMemory = [...ledger.about(value), ...ledger.current().filter(named), ...ledger.past().filter(named)];
  const newest = new Map<string, Decision>();
  for (const decision of [...stored, ...inMemory]) {
    if ((newest.get(decision.uuid)?.version ?? -1) < decision.version) newest.set(decision.uuid, decision);
  }
  return [...newest.values()].sort((a, b) => b.id - a.id).slice(0, maxDecisions);
}

function servingLines({ mode, stopped }: { readonly mode: string; readonly stopped: boolean }): string[] {
  if (stopped) return ["Blocking is stopped: everyone is let in."];
  return mode === "observe" ? ["Blocking only observes: decisions are served to nobody."] : [];
}

function addressLines(
  value: string,
  { allow, own }: { readonly allow: AllowList; readonly own: NetworkList },
): string[] {
  const network = parseNetwork(value);
  if (!network) return [];
  const scope: Target["scope"] = value.includes("/") ? "range" : "ip";
  const special = specialKind(network);
  const ours = own.touching(network);
  return [
    ...allowLines(allow, { scope, value }),
    ...(special === undefined ? [] : [`It is ${special}, and never blocked.`]),
    ...(ours === undefined ? [] : [`It is a proxy or gateway of ours (${ours}), and never blocked.`]),
  ];
}

function nameLines(value: string, allow: AllowList): string[] {
  return [...allowLines(allow, { scope: "user", value }), ...allowLines(allow, { scope: "apiKey", value })];
}

function allowLines(allow: AllowList, target: Target): string[] {
  const entry = allow.entryFor(target);
  return entry === undefined || entry === "unknown" ? [] : [`It is allow-listed by ${entry.entry}.`];
}

function decisionLine(decision: Decision, now: number): string {
  const began = new Date(decision.createdAt).toISOString();
  const dry = decision.dryRun ? ", a dry run that is served to nobody" : "";
  const cause = [decision.runbook && `runbook ${decision.runbook}`, decision.incident, decision.detection]
    .filter((part) => part !== undefined)
    .join(", ");
  const from = cause === "" ? `by hand (${decision.reason})` : `by ${cause}: ${decision.reason}`;
  return `Decision ${decision.id} (${decision.uuid}): ${describe(decision)} since ${began}, ${stateOf(decision, now)}${dry}; ${from}`;
}

function stateOf(decision: Decision, now: number): string {
  const left = formatDuration(Math.max(0, Math.ceil((decision.until - now) / 1000) * 1000));
  return {
    active: `holds for another ${left}`,
    asked: "waits for a person to confirm it",
    refused: "refused by the guard",
    lifted: `lifted by ${decision.liftedBy ?? "somebody"} (${decision.liftReason ?? "no reason given"})`,
    expired: `ran out at ${new Date(decision.until).toISOString()}`,
  }[decision.state];
}
