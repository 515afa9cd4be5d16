import { AllowList, type AsnLookup } from "../block/allow-list.ts";
import type { BlockConfig } from "../block/block-config.ts";
import type { Decision, TrafficFacts } from "../block/decision.ts";
import { DecisionMaker, type JudgedTarget } from "../block/decision-maker.ts";
import { DecisionLedger, type SeenEvent } from "../block/ledger.ts";
import { lifted } from "../block/manual-decisions.ts";
import { type ListedNetwork, NetworkList } from "../block/network-list.ts";
import { RecentBlocks } from "../block/recent-blocks.ts";
import type { Clock } from "../clock.ts";
import type { Detection } from "../detect/detection.ts";
import { IncidentBook } from "../incident/incident-book.ts";
import type { IncidentChange } from "../incident/incident.ts";
import type { Teams } from "../incident/paged-team.ts";
import type { Runbook } from "../incident/runbook.ts";

/** More decisions than anybody reads; beyond them only the number is kept. */
const defaultMaxDecisions = 5_000;

export interface DryBlocksOptions {
  readonly clock: Clock;
  readonly runbooks: readonly Runbook[];
  readonly block: BlockConfig;
  /** Proxies of ours, and networks of known providers. */
  readonly networks: { readonly trusted: readonly ListedNetwork[]; readonly providers: readonly ListedNetwork[] };
  readonly facts: TrafficFacts;
  readonly asnOf: AsnLookup | undefined;
  /** Whom runbooks would page; nobody unless given. */
  readonly teams?: Teams;
  /** Told of each change of an incident, and of each version of a decision. */
  readonly onIncident?: (change: IncidentChange) => void;
  readonly onDecision?: (decision: Decision) => void;
  /** Told what the guard says of each target, also where another detection's block already stands. */
  readonly onJudged?: ((judged: JudgedTarget) => void) | undefined;
  readonly maxDecisions?: number | undefined;
}

/**
 * Whom the service would have blocked: the real runbooks, guard and ledger in `observe`, so that
 * each decision counts whom it would have hit. Nothing is saved, and nobody is told.
 */
export class DryBlocks {
  readonly #options: DryBlocksOptions;
  readonly #book: IncidentBook;
  readonly #ledger: DecisionLedger;
  readonly #maker: DecisionMaker;
  readonly #decisions = new Map<string, Decision>();
  /** Decisions beyond the bound. */
  more = 0;

  constructor(options: DryBlocksOptions) {
    this.#options = options;
    const { clock, block, facts, teams = { names: new Set(), first: undefined } } = options;
    this.#book = new IncidentBook({ runbooks: options.runbooks, teams });
    this.#ledger = new DecisionLedger({ clock });
    const unchanging = {
      limits: block.guard,
      allow: new AllowList(block.allow, options.asnOf),
      own: new NetworkList(options.networks.trusted),
      providers: new NetworkList(options.networks.providers),
      traffic: facts,
      waveLiftedAt: undefined,
    };
    let made = 0;
    this.#maker = new DecisionMaker({
      clock,
      ledger: this.#ledger,
      recent: new RecentBlocks(clock),
      uuid: () => `try-${++made}`,
      facts: () => unchanging,
      mode: () => "observe",
      onJudged: options.onJudged,
    });
  }

  /** What follows from detections; call it with each as soon as it is made. */
  apply(detections: readonly Detection[]): void {
    for (const detection of detections) {
      for (const { change } of this.#book.apply(detection, this.#options.clock.now())) {
        this.#options.onIncident?.(change);
        for (const { decision } of this.#maker.plan(change)) this.#put(decision);
      }
      if (detection.state === "unconfirmed") this.#withdraw(detection.id);
    }
  }

  /** Counts a request against the decisions that would have refused it. */
  seen(event: SeenEvent): void {
    this.#ledger.seen(event);
  }

  /** Lets time pass: incidents resolve, decisions end. */
  tick(): void {
    for (const { change } of this.#book.tick(this.#options.clock.now())) this.#options.onIncident?.(change);
    for (const decision of this.#ledger.expire()) this.#keep(decision);
  }

  /** Every decision there was, the first one first, with whom it would have hit. */
  decisions(): Decision[] {
    return [...this.#decisions.values()].map((decision) => {
      const wouldHaveHit = this.#ledger.wouldHaveHit(decision.uuid) ?? decision.wouldHaveHit;
      return wouldHaveHit ? { ...decision, wouldHaveHit } : decision;
    });
  }

  #withdraw(detection: string): void {
    const reason = "the detection was not confirmed once its events were complete";
    for (const decision of [...this.#ledger.current()].filter((held) => held.detection === detection)) {
      const hit = this.#ledger.wouldHaveHit(decision.uuid);
      this.#put(lifted(decision, { by: "gatewatch", reason, at: this.#options.clock.now(), hit }));
    }
  }

  #put(decision: Decision): void {
    this.#ledger.put(decision);
    this.#keep(decision);
  }

  #keep(decision: Decision): void {
    this.#options.onDecision?.(decision);
    if (
      !this.#decisions.has(decision.uuid) &&
      this.#decisions.size >= (this.#options.maxDecisions ?? defaultMaxDecisions)
    )
      this.more++;
    else this.#decisions.set(decision.uuid, decision);
  }
}
