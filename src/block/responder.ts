import { randomUUID } from "node:crypto";
import type { IncidentChange } from "../incident/incident.ts";
import { overlaps, parseNetwork } from "./address.ts";
import { AllowList } from "./allow-list.ts";
import type { BlockConfig } from "./block-config.ts";
import { blockMetrics } from "./block-metrics.ts";
import type { BlockStatus, BlockerOptions } from "./blocker-options.ts";
import { type CheckAnswer, type CheckRequest, createCheck } from "./check.ts";
import { checkoutDropAfter } from "./checkout-watch.ts";
import { decisionUuid } from "./decision-uuid.ts";
import { DecisionMaker, type Planned, describe } from "./decision-maker.ts";
import { type DecisionFilter, type ListedDecision, listDecisions } from "./decision-list.ts";
import { decisionRow } from "./decision-row.ts";
import type { Decision } from "./decision.ts";
import { EnforcerHarness } from "./enforcer-harness.ts";
import { automaticOn, findCurrent } from "./find-decisions.ts";
import { DecisionLedger, type SeenEvent } from "./ledger.ts";
import { loadDecisions } from "./load-decisions.ts";
import { type DecisionResult, type NewDecision, confirmed, draftByHand, lifted } from "./manual-decisions.ts";
import { type ListedNetwork, NetworkList } from "./network-list.ts";
import { RecentBlocks } from "./recent-blocks.ts";
import { StopSwitch } from "./stop-switch.ts";
import { timelineLine } from "./timeline-line.ts";
import { type BlockExplanation, explain } from "./why.ts";
import type { SavedHits } from "./would-have-hits.ts";

/** Ends of decisions are noticed so soon; look-ups mind them to the millisecond anyway. */
const sweepMs = 1_000;
const checkoutsMs = 10_000;

export type Blocker = ReturnType<typeof createBlocker>;

/**
 * The whole of blocking: from an incident's change to gateways that refuse a client. Each decision
 * is judged, made durable, and only then served. Changes are taken one after the other.
 */
export function createBlocker(options: BlockerOptions) {
  const { store, clock, log, facts } = options;
  const measured = blockMetrics(options.metrics);
  const ledger = new DecisionLedger({ clock });
  const recent = new RecentBlocks(clock);
  const own = new NetworkList(options.proxies);
  const providers = new NetworkList(options.providers ?? []);
  const asnOf = options.geo && ((address: string) => options.geo?.(address)?.asn);
  let config = options.config;
  let allow = new AllowList(config.allow, asnOf);
  let waveLiftedAt: number | undefined;
  let queue: Promise<unknown> = Promise.resolve();
  const timers: (() => void)[] = [];

  const maker = new DecisionMaker({
    clock,
    ledger,
    recent,
    uuid: options.uuid ?? decisionUuid,
    mode: () => config.mode,
    facts: () => ({ limits: config.guard, allow, own, providers, traffic: facts, waveLiftedAt }),
  });
  const harnesses = options.enforcers.map(
    (enforcer) =>
      new EnforcerHarness({ enforcer, ledger, clock, log, metrics: measured, onTrouble: options.onTrouble }),
  );
  const stopSwitch = new StopSwitch({
    file: options.stopFile,
    clock,
    onChange(stopped) {
      log.warn({ stopped }, stopped ? "blocking is stopped: everyone is let in" : "blocking is taken up again");
      measured.stopped.set(stopped ? 1 : 0);
      serve();
    },
  });
  const answer = createCheck({
    clock,
    ledger,
    trusted: own,
    allow: () => allow,
    names: options.check,
    metrics: measured,
    geo: options.geo,
    pseudonym: options.pseudonym,
    credential: options.credential,
  });

  function serve(): void {
    ledger.setServing(config.mode === "enforce" && !stopSwitch.stopped);
  }

  /** One thing at a time: what is judged must see what was decided just before. */
  function inTurn<T>(task: () => Promise<T>): Promise<T> {
    const done = queue.then(task);
    queue = done.catch(() => undefined);
    return done;
  }

  /** Durable first, then in force, then told. */
  async function commit(planned: readonly Planned[]): Promise<void> {
    if (planned.length === 0) return;
    await store.save(planned.map(({ decision }) => decisionRow(decision)));
    ledger.put(...planned.map(({ decision }) => decision));
    for (const { decision, verdicts, line } of planned) {
      options.onDecision?.(decision);
      measured.decisions.inc({ action: decision.action, state: decision.state, dry_run: String(decision.dryRun) });
      for (const { rule, says } of verdicts) measured.verdicts.inc({ rule, says });
      if (line && decision.incident !== undefined) await options.timeline(timelineLine(decision, line, clock.now()));
    }
    gauge();
  }

  function gauge(): void {
    measured.active.set({ served: "true" }, ledger.serving ? ledger.servedSize : 0);
    measured.active.set({ served: "false" }, ledger.size - (ledger.serving ? ledger.servedSize : 0));
  }

  async function liftAll(decisions: readonly Decision[], by: string, reason: string): Promise<Decision[]> {
    const at = clock.now();
    const ended = decisions.map((decision) =>
      lifted(decision, { by, reason, at, hit: ledger.wouldHaveHit(decision.uuid) }),
    );
    await commit(
      ended.map((decision) => ({
        decision,
        verdicts: [],
        line: { kind: "decision_lifted", text: `Lifted: ${describe(decision)}: ${reason}`, by },
      })),
    );
    return ended;
  }

  async function sweep(): Promise<void> {
    const due = ledger.expire();
    if (due.length === 0) return;
    for (const decision of due) options.onDecision?.(decision);
    gauge();
    await store.save(due.map(decisionRow)).catch((error: unknown) => {
      // Their end times are saved already; a restart ends them again.
      measured.saveFailures.inc(due.length);
      log.warn({ count: due.length, error: String(error) }, "ends of decisions could not be saved");
    });
  }

  /** Lifts all blocks of the last ten minutes when successful checkouts dropped after them. */
  async function watchCheckouts(): Promise<void> {
    const wave = recent.wave().flatMap((id) => ledger.get(id) ?? []);
    const standing = wave.filter((decision) => decision.state === "active" && !decision.dryRun);
    const reason = checkoutDropAfter(standing.length, facts.checkoutRate());
    if (reason === undefined) return;
    waveLiftedAt = clock.now();
    log.warn({ blocks: standing.length, reason }, "lifting a wave of blocks");
    await liftAll(standing, "gatewatch", reason);
  }

  function background(task: () => Promise<unknown>): void {
    inTurn(task).catch((error: unknown) => {
      measured.saveFailures.inc();
      log.error({ error: String(error) }, "blocking could not finish a background task");
    });
  }

  return {
    /** For the CrowdSec listener. */
    ledger,

    /** Takes up what an earlier run decided, and whom its dry runs would have hit. Blocking can be stopped from the first moment. */
    async load(hits: SavedHits = []): Promise<void> {
      stopSwitch.start();
      serve();
      for (const { decision, logins } of await loadDecisions({ store, ledger, clock })) recent.add(decision, logins);
      ledger.hits.load(hits, (uuid) => ledger.get(uuid)?.state === "active");
      await sweep();
      gauge();
      for (const harness of harnesses) harness.resync();
      timers.push(
        clock.every(sweepMs, () => background(sweep)),
        clock.every(checkoutsMs, () => background(watchCheckouts)),
      );
    },

    /** Decides about a detection's targets. Resolves when all of it is durable and in force; harmless when repeated. */
    changed(change: IncidentChange): Promise<void> {
      return inTurn(async () => {
        await commit(maker.plan(change));
        const { detection } = change;
        if (detection?.state !== "unconfirmed") return;
        const unfounded = [...ledger.current()].filter((decision) => decision.detection === detection.id);
        await liftAll(unfounded, "gatewatch", "the detection was not confirmed once its events were complete");
      });
    },

    /** `GET /v1/check`. Never waits, never throws. */
    check: (request: CheckRequest): CheckAnswer => answer(request),

    /** Counts an event against dry runs; call it for each event. */
    seen: (event: SeenEvent): void => ledger.seen(event),

    /** Lets in: one decision by id or uuid, or all on an address, user or other value. */
    lift(which: number | string, by: string, reason: string): Promise<readonly Decision[]> {
      return inTurn(() => liftAll(findCurrent(ledger, which), by, reason));
    },

    /** Blocks by hand. */
    add(wanted: NewDecision): Promise<DecisionResult> {
      return inTurn(async () => {
        const uuid = options.uuid ?? randomUUID;
        const result = draftByHand(wanted, { clock, ledger, uuid, allow, own, mode: config.mode });
        if (result.kind === "done") await commit([{ decision: result.value, line: undefined, verdicts: [] }]);
        return result;
      });
    },

    /** Lets a decision stand that the guard had asked a person about. */
    confirm(which: number | string, by: string): Promise<DecisionResult> {
      return inTurn(async () => {
        const decision = typeof which === "number" ? ledger.byId(which) : ledger.get(which);
        if (!decision) return { kind: "unknown" };
        const result = confirmed(decision, by, clock.now());
        if (result.kind !== "done") return result;
        const line = { kind: "decision", text: `Confirmed: ${describe(decision)}`, by } as const;
        await commit([{ decision: result.value, line, verdicts: [] }]);
        return result;
      });
    },

    /** Current decisions and those of the past day, newest first. */
    list: (filter: DecisionFilter = {}): readonly ListedDecision[] => listDecisions(ledger, filter),

    /** All that is known of an address, a user or a reference, and every rule that spoke. */
    why: (subject: string): Promise<BlockExplanation> =>
      explain(subject, {
        ledger,
        store,
        clock,
        allow,
        own,
        serving: { mode: config.mode, stopped: stopSwitch.stopped },
      }),

    /** Takes a new configuration; whoever is now allow-listed is let in at once. */
    update(next: BlockConfig): Promise<void> {
      config = next;
      allow = new AllowList(config.allow, asnOf);
      serve();
      return inTurn(async () => {
        const allowed = [...ledger.current()].filter((decision) => {
          const entry = allow.entryFor(decision);
          return entry !== undefined && entry !== "unknown";
        });
        await liftAll(allowed, "gatewatch", "now on the allow list");
      });
    },

    /** Other proxies and providers from now on; whoever is now a hop of ours is let in at once. */
    trust(next: { readonly proxies: readonly ListedNetwork[]; readonly providers: readonly ListedNetwork[] }) {
      own.replace(next.proxies);
      providers.replace(next.providers);
      return inTurn(() => liftAll(automaticOn(ledger, (network) => own.touching(network) !== undefined), "gatewatch", "a proxy or gateway of ours")); // prettier-ignore
    },

    /** Lets in whoever was blocked with this address, which stands for most users; people's own blocks stay. */
    letInBehind(address: string, reason: string): Promise<readonly Decision[]> {
      const shared = parseNetwork(address);
      if (shared === undefined) return Promise.resolve([]);
      return inTurn(() =>
        liftAll(
          automaticOn(ledger, (network) => overlaps(network, shared)),
          "gatewatch",
          reason,
        ),
      );
    },

    /** Lets everyone in and empties every gateway, until `resumeBlocking`. */
    stopBlocking: (by: string): void => stopSwitch.stopBlocking(by),
    resumeBlocking: (): void => stopSwitch.resumeBlocking(),

    status(): BlockStatus {
      const current = [...ledger.current()];
      const active = current.filter((decision) => decision.state === "active");
      return {
        mode: config.mode,
        stopped: stopSwitch.stopped,
        active: active.length,
        asked: current.length - active.length,
        dryRun: active.filter((decision) => decision.dryRun).length,
        gateways: harnesses.map(({ name, behind, inTrouble }) => ({ name, behind, failing: inTrouble })),
      };
    },

    /** Resolves when nothing is under way; gateways keep what they hold. */
    async stop(): Promise<void> {
      for (const cancel of timers.splice(0)) cancel();
      stopSwitch.close();
      await queue;
      await Promise.all(harnesses.map((harness) => harness.stop()));
    },
  };
}
