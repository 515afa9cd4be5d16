import type { Customers, Standing } from "../detect/customers.ts";
import type { TrialHits, TriedBlock } from "../detect/trial-report.ts";
import type { Decision, WouldHaveHit } from "./decision.ts";
import { type SavedTally, TargetTally } from "./target-tally.ts";

/** Decisions that may change yet, of one detector: more are settled as they are. */
const maxUnsettled = 10_000;
/** A decision that was refused may stand once its detector is surer, as long as its episode goes on. */
const refusedForMs = 86_400_000;
/** Those shown one by one. */
const shown = 20;
const results = ["blocked", "asked", "refused", "withdrawn"] as const;

/** Whom a detector would have blocked, or did, for people to look at. */
export interface ListedBlock {
  readonly decision: number;
  readonly uuid: string;
  readonly scope: Decision["scope"];
  readonly value: string;
  readonly action: Decision["action"];
  readonly result: TriedBlock["result"];
  readonly dryRun: boolean;
  readonly createdAt: number;
  readonly until: number;
  readonly incident: string | undefined;
  /** What it had done before. */
  readonly standing: Standing | undefined;
  readonly refusedBy: readonly string[];
  readonly wouldHaveHit: WouldHaveHit | undefined;
}

/** What is kept of a decision until nothing of it changes any more. */
interface Unsettled {
  readonly decision: Pick<Decision, (typeof kept)[number]>;
  readonly refusedBy: readonly string[];
}

const kept = [
  "id", "uuid", "version", "scope", "value", "action", "state", "dryRun", "createdAt", "until", "incident",
  "liftedBy", "servedAt", "firstSeen", "wouldHaveHit",
] as const; // prettier-ignore

/** What all dry runs of one detector would have refused. */
export interface HitCounts extends TrialHits {
  /** Users among them; one who was met by two blocks counts twice. */
  readonly users: number;
}

/** What a tally asks of the rest of blocking. */
export interface BlockFacts {
  readonly customers: Pick<Customers, "of">;
  /** Whom a dry run that holds would have hit so far. */
  readonly hits: (uuid: string) => WouldHaveHit | undefined;
}

/** One detector's decisions over weeks, in bounded memory: settled ones as sums, the latest and those that may change one by one. */
export class BlockTally {
  readonly #facts: BlockFacts;
  readonly #unsettled: Map<string, Unsettled>;
  readonly #targets: Readonly<Record<TriedBlock["result"], TargetTally>>;
  /** Of those blocked, the ones that no gateway was told of. */
  readonly #onTrial: TargetTally;
  readonly #refusedBy: Map<string, number>;
  #hits: HitCounts;
  #latest: ListedBlock[];

  constructor(facts: BlockFacts, saved?: SavedBlocks) {
    this.#facts = facts;
    this.#unsettled = new Map(saved?.unsettled.map((one) => [one.decision.uuid, one]));
    const tallyOf = (result: TriedBlock["result"]) => [result, new TargetTally(saved?.targets[result])];
    this.#targets = Object.fromEntries(results.map(tallyOf));
    this.#onTrial = new TargetTally(saved?.onTrial);
    this.#refusedBy = new Map(saved?.refusedBy);
    this.#hits = saved?.hits ?? { requests: 0, succeeded: 0, signedIn: 0, bought: 0, users: 0 };
    this.#latest = [...(saved?.latest ?? [])];
  }

  has(uuid: string): boolean {
    return this.#unsettled.has(uuid);
  }

  /** Takes a decision, or a newer version of one. */
  take(decision: Decision): void {
    const known = this.#unsettled.get(decision.uuid);
    if (known && known.decision.version >= decision.version) return;
    const tipping = decision.verdicts.filter(({ says }) => says === (decision.state === "asked" ? "ask" : "no"));
    const one: Unsettled = {
      decision: Object.fromEntries(kept.map((name) => [name, decision[name]])) as Unsettled["decision"],
      // How it ended is told by what it was: the guard isn't asked again.
      refusedBy: isWaiting(decision) || !known ? tipping.map(({ rule }) => rule) : known.refusedBy,
    };
    this.#unsettled.delete(decision.uuid);
    this.#unsettled.set(decision.uuid, one);
    if (decision.state === "expired" || decision.state === "lifted") this.#settle(one, known);
    for (const oldest of this.#unsettled.values()) {
      if (this.#unsettled.size <= maxUnsettled) break;
      this.#settle(oldest, oldest);
    }
  }

  /** What was refused so long ago doesn't change any more. */
  tick(now: number): void {
    for (const one of this.#unsettled.values()) {
      if (one.decision.state === "refused" && now - one.decision.createdAt > refusedForMs) this.#settle(one, one);
    }
  }

  report() {
    const open = [...this.#unsettled.values()].map((one) => ({ one, result: resultOf(one.decision, one.decision) }));
    const counts = (result: TriedBlock["result"]) =>
      this.#targets[result].countsWith(
        open.filter((other) => other.result === result).map(({ one }) => sinceTarget(one)),
        this.#facts.customers,
      );
    const refusedBy = new Map(this.#refusedBy);
    let hits = this.#hits;
    for (const { one, result } of open) {
      countRules(refusedBy, one, result);
      hits = added(hits, this.#hitsOf(one));
    }
    const standing = (one: Unsettled) => this.#facts.customers.of(one.decision, sinceTarget(one).since);
    const listed = open.slice(-shown).map(({ one, result }) => this.#listed(one, result, standing(one)));
    return {
      blocks: {
        ...{ blocked: counts("blocked"), asked: counts("asked"), refused: counts("refused") },
        withdrawn: counts("withdrawn"),
        onTrial: this.#onTrial.countsWith(
          open
            .filter(({ one, result }) => result === "blocked" && one.decision.dryRun)
            .map(({ one }) => sinceTarget(one)),
          this.#facts.customers,
        ).all,
        refusedBy: Object.fromEntries([...refusedBy].sort(([, a], [, b]) => b - a)),
        hit: hits,
      },
      latest: [...this.#latest, ...listed].sort((a, b) => b.decision - a.decision).slice(0, shown),
    };
  }

  save(): SavedBlocks {
    return {
      unsettled: [...this.#unsettled.values()],
      targets: Object.fromEntries(
        results.map((result) => [result, this.#targets[result].save()]),
      ) as SavedBlocks["targets"],
      onTrial: this.#onTrial.save(),
      refusedBy: [...this.#refusedBy],
      hits: this.#hits,
      latest: this.#latest,
    };
  }

  /** `before`: what it was until it ended. */
  #settle(one: Unsettled, before: Unsettled | undefined): void {
    this.#unsettled.delete(one.decision.uuid);
    const result = resultOf(one.decision, before?.decision);
    const standing = this.#targets[result].add(sinceTarget(one), this.#facts.customers);
    if (result === "blocked" && one.decision.dryRun) this.#onTrial.add(sinceTarget(one), this.#facts.customers);
    countRules(this.#refusedBy, one, result);
    this.#hits = added(this.#hits, this.#hitsOf(one));
    this.#latest = [...this.#latest, this.#listed(one, result, standing)].slice(-shown);
  }

  #hitsOf({ decision }: Unsettled): WouldHaveHit | undefined {
    return this.#facts.hits(decision.uuid) ?? decision.wouldHaveHit;
  }

  #listed(one: Unsettled, result: TriedBlock["result"], standing: Standing | undefined): ListedBlock {
    const { id, uuid, scope, value, action, dryRun, createdAt, until, incident } = one.decision;
    return {
      ...{ decision: id, uuid, scope, value, action, result, dryRun, createdAt, until, incident, standing },
      refusedBy: result === "blocked" ? [] : one.refusedBy,
      wouldHaveHit: this.#hitsOf(one),
    };
  }
}

export interface SavedBlocks {
  readonly unsettled: readonly Unsettled[];
  readonly targets: Readonly<Record<TriedBlock["result"], SavedTally>>;
  readonly onTrial: SavedTally;
  readonly refusedBy: readonly (readonly [rule: string, times: number])[];
  readonly hits: HitCounts;
  readonly latest: readonly ListedBlock[];
}

// helpers

function isWaiting({ state }: Pick<Decision, "state">): boolean {
  return state === "active" || state === "asked" || state === "refused";
}

/** What a decision came to; `before`: what it was until it ended. One that a person lifted had stood. */
function resultOf(
  { state, liftedBy, servedAt }: Pick<Decision, "state" | "liftedBy" | "servedAt">,
  before: Pick<Decision, "state"> | undefined,
): TriedBlock["result"] {
  if (state === "refused") return "refused";
  if (state === "asked" || (before?.state === "asked" && servedAt === undefined)) return "asked";
  return state === "lifted" && liftedBy === "gatewatch" ? "withdrawn" : "blocked";
}

function sinceTarget({ decision: { scope, value, firstSeen, createdAt } }: Unsettled) {
  return { target: { scope, value }, since: firstSeen ?? createdAt };
}

function countRules(rules: Map<string, number>, { refusedBy }: Unsettled, result: TriedBlock["result"]): void {
  if (result !== "refused" && result !== "asked") return;
  for (const rule of refusedBy) rules.set(rule, (rules.get(rule) ?? 0) + 1);
}

function added(sum: HitCounts, hit: WouldHaveHit | undefined): HitCounts {
  if (!hit) return sum;
  return {
    requests: sum.requests + hit.requests,
    succeeded: sum.succeeded + hit.succeeded,
    signedIn: sum.signedIn + hit.signedIn,
    bought: sum.bought + hit.bought,
    users: sum.users + hit.userCount,
  };
}
