import type { Clock } from "../clock.ts";
import type { Detection, Target } from "../detect/detection.ts";
import type { IncidentChange } from "../incident/incident.ts";
import type { RunbookBlock } from "../incident/runbook.ts";
import { formatDuration } from "../units.ts";
import type { BlockConfig } from "./block-config.ts";
import type { Decision, Verdict } from "./decision.ts";
import { rememberedMs } from "./ended-decisions.ts";
import { type Judgement, decide, dryRunBy, judge, reasonsOf } from "./guard.ts";
import type { Candidate, GuardFacts } from "./guard-rule.ts";
import { type DecisionLedger, endOf } from "./ledger.ts";
import { loginsOf } from "./login-outage.ts";
import type { RecentBlocks } from "./recent-blocks.ts";
import { RecentSignals } from "./recent-signals.ts";
import { isHarder, strongest } from "./target-index.ts";
import { canonicalTarget } from "./target.ts";
import type { DecisionLine } from "./timeline-line.ts";

/** A decision to be saved and then to stand, and what the incident's timeline says of it, if anything. */
export interface Planned {
  readonly decision: Decision;
  readonly line: DecisionLine | undefined;
  /** What the guard said just now; none when a decision was only made to last longer. */
  readonly verdicts: readonly Verdict[];
}

/** What the guard says of one target of a detection. */
export interface JudgedTarget {
  readonly detection: Detection;
  readonly target: Target;
  readonly state: Judgement["state"];
  readonly verdicts: readonly Verdict[];
}

export interface DecisionMakerOptions {
  readonly clock: Clock;
  readonly ledger: DecisionLedger;
  readonly recent: RecentBlocks;
  /** The id of a decision by what it follows from: the same for the same. */
  readonly uuid: (cause: readonly string[]) => string;
  /** All of the guard's facts that don't depend on the candidate. */
  readonly facts: () => Omit<GuardFacts, "now" | "recent" | "letInAt" | "ledgerFull" | "confirming">;
  readonly mode: () => BlockConfig["mode"];
  /** Told of each, also where another detection's decision covers the target. */
  readonly onJudged?: ((judged: JudgedTarget) => void) | undefined;
}

/** Turns what a runbook wants blocked into decisions. Writes nothing but its list of recent blocks. */
export class DecisionMaker {
  readonly #options: DecisionMakerOptions;
  readonly #signals = new RecentSignals();

  constructor(options: DecisionMakerOptions) {
    this.#options = options;
  }

  /** What an incident's change comes to; nothing for one whose decisions are all made. */
  plan(change: IncidentChange): Planned[] {
    const { detection, runbook } = change;
    for (const target of detection?.targets ?? []) {
      const canonical = canonicalTarget(target);
      if (canonical) this.#signals.note(canonical, detection!);
    }
    if (!detection || !runbook.block || detection.state !== "open" || detection.origin === "service") return [];
    if (change.kind === "resolved" || change.kind === "acknowledged") return [];
    const planned: Planned[] = [];
    const seen = new Set<string>();
    for (const target of detection.targets) {
      const canonical = canonicalTarget(target);
      if (!canonical || seen.has(canonical.value)) continue;
      seen.add(canonical.value);
      const one = this.#planOne({ target: canonical, detection, block: runbook.block }, change);
      if (one) planned.push(one);
    }
    return planned;
  }

  #planOne(candidate: Candidate, change: IncidentChange): Planned | undefined {
    const { target, detection, block } = candidate;
    const dryRun = dryRunBy(candidate, this.#options.mode());
    const onTarget = this.#options.ledger.onTarget(target);
    const covering = onTarget.filter((held) => this.#holds(held) && (!held.dryRun || dryRun !== undefined));
    // A dry run neither stands for a real decision nor keeps one from being made.
    const mine = onTarget.find((held) => isOf(detection, held.detection) && (!held.dryRun || dryRun !== undefined));
    const mineHolds = mine && covering.includes(mine) ? mine : undefined;
    if (mineHolds) return this.#extended(mineHolds, candidate);
    const strongestHeld = strongest(covering);
    // A replay tells again of what was dealt with; only events after its end are news.
    const ended = mine?.state === "expired" || mine?.state === "lifted";
    if (mine && ended && detection.lastSeen <= endOf(mine)) return undefined;

    const verdicts = judge(candidate, this.#factsFor(target, detection));
    const judgement = decide(verdicts, block);
    this.#options.onJudged?.({ detection, target, state: judgement.state, verdicts });
    if (strongestHeld && !isHarder(judgement.action, strongestHeld.action)) {
      // Another detection's block is enough; what the guard would not let stand makes it no longer.
      return judgement.state === "active" ? this.#extended(strongestHeld, candidate) : undefined;
    }
    if (mine && !ended && mine.state === judgement.state) return renamed(mine, detection);
    if (judgement.state === "asked" && onTarget.some((held) => held.state === "asked" && held !== mine))
      return undefined;

    const decision = this.#draft({
      candidate,
      change,
      verdicts,
      judgement,
      mine: ended ? undefined : mine,
      before: ended ? mine : undefined,
      dryRun,
      onTarget,
    });
    if (decision.state === "active") this.#options.recent.add(decision, loginsOf(detection));
    return { decision, line: lineOf(decision, judgement, dryRun), verdicts };
  }

  #draft(from: {
    readonly candidate: Candidate;
    readonly change: IncidentChange;
    readonly verdicts: readonly Verdict[];
    readonly judgement: Judgement;
    /** The same decision, when it waited for a person or was refused until now. */
    readonly mine: Decision | undefined;
    /** The one that this detection led to before, and that is over. */
    readonly before: Decision | undefined;
    readonly dryRun: string | undefined;
    readonly onTarget: readonly Decision[];
  }): Decision {
    const { candidate, change, judgement, mine, before, onTarget } = from;
    const { target, detection, block } = candidate;
    const now = this.#options.clock.now();
    const repeat = this.#repeats(onTarget, detection);
    const dryRun = from.dryRun !== undefined;
    return {
      ...target,
      id: mine?.id ?? this.#options.ledger.nextId(),
      uuid:
        mine?.uuid ??
        this.#options.uuid([detection.id, target.scope, target.value, String(dryRun), before?.uuid ?? ""]),
      version: (mine?.version ?? 0) + 1,
      action: judgement.action,
      createdAt: mine?.createdAt ?? now,
      until: now + lengthOf(block, repeat),
      origin: "runbook",
      incident: change.incident.id,
      detection: detection.id,
      detector: detection.detector,
      firstSeen: detection.firstSeen,
      runbook: change.runbook.id,
      reason: detection.summary,
      dryRun,
      repeat,
      state: judgement.state,
      verdicts: from.verdicts,
      liftedBy: undefined,
      liftedAt: undefined,
      ...(judgement.state === "active" && !dryRun ? { servedAt: now } : {}),
    };
  }

  /**
   * A decision made to last on while its episode goes on: counted from the last event, so that a
   * replay changes nothing, and only when less than half is left, so that gateways aren't told of
   * every event.
   */
  #extended(held: Decision, candidate: Candidate): Planned | undefined {
    const { detection, block } = candidate;
    const now = this.#options.clock.now();
    const length = lengthOf(block, held.repeat);
    const until = Math.min(now, detection.lastSeen) + length;
    const goesOn = held.origin === "runbook" && !detection.stale && held.until - now < length / 2 && until > held.until;
    const taken = renamed(held, detection);
    if (!goesOn) return taken;
    const decision: Decision = { ...held, ...taken?.decision, version: held.version + 1, until };
    const text = `Goes on: ${describe(decision)} for ${formatDuration(length)} more`;
    return { decision, line: { kind: "decision", text }, verdicts: [] };
  }

  #holds(held: Decision): boolean {
    return held.state === "active" && held.until > this.#options.clock.now();
  }

  #factsFor(target: Target, detection: Detection): GuardFacts {
    const { clock, ledger, recent, facts } = this.#options;
    return {
      ...facts(),
      now: clock.now(),
      recent: recent.summary(detection.id),
      letInAt: ledger.onTarget(target).find((held) => held.liftedBy !== undefined && held.liftedBy !== "gatewatch")
        ?.liftedAt,
      ledgerFull: ledger.full,
      confirming: this.#signals.confirming(target, detection),
    };
  }

  /**
   * How many decisions of the past day ran out on this target before the episode began. Those a
   * person lifted were wrong; events under a decision are no new offence (some gateways
   * authenticate first, so that a banned client still logs 401s).
   */
  #repeats(onTarget: readonly Decision[], detection: Detection): number {
    const since = this.#options.clock.now() - rememberedMs;
    const earlier = onTarget.filter(
      (held) =>
        held.state === "expired" &&
        held.servedAt !== undefined &&
        held.createdAt >= since &&
        held.until <= detection.firstSeen,
    );
    const same = onTarget.find((held) => held.detection === detection.id && held.state === "expired");
    return Math.max(earlier.length, same?.repeat ?? 0);
  }
}

/** `ban of ip 203.0.113.7`; the value may be hostile and is escaped where it is shown. */
export function describe(decision: Decision): string {
  return `${decision.action} of ${decision.scope} ${decision.value}`;
}

// helpers

function isOf(detection: Detection, id: string | undefined): boolean {
  return id !== undefined && (id === detection.id || id === detection.supersedes);
}

/** What was decided for the detection that this one took the place of is its own from now on. */
function renamed(held: Decision, { id, supersedes }: Detection): Planned | undefined {
  if (held.detection === undefined || held.detection !== supersedes) return undefined;
  return { decision: { ...held, version: held.version + 1, detection: id }, line: undefined, verdicts: [] };
}

/** Each repeat lasts `factor` times longer, up to `maxMs`. */
function lengthOf(block: RunbookBlock, repeat: number): number {
  if (!block.repeat) return block.forMs;
  return Math.min(block.forMs * block.repeat.factor ** repeat, Math.max(block.repeat.maxMs, block.forMs));
}

function lineOf(decision: Decision, judgement: Judgement, dryRun: string | undefined): DecisionLine {
  const what = describe(decision);
  const why = reasonsOf(judgement.because);
  if (decision.state === "refused") return { kind: "decision_refused", text: `No ${what}: ${why}` };
  if (decision.state === "asked") return { kind: "decision", text: `A person is asked about a ${what}: ${why}` };
  const length = formatDuration(decision.until - decision.createdAt);
  const softened = why === "" ? "" : `, softer because ${why}`;
  const repeated = decision.repeat > 0 ? `, repeat ${decision.repeat}` : "";
  const served = dryRun === undefined ? "" : ` (dry run by ${dryRun}: served to nobody)`;
  const sure = decision.verdicts.find(({ rule, says }) => rule === "confidence" && says === "yes")?.reason;
  const surely = sure === undefined ? "" : `, with ${sure}`;
  return { kind: "decision", text: `Decided: ${what} for ${length}${repeated}${softened}${surely}${served}` };
}
