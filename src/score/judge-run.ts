import { deserialize, serialize } from "node:v8";
import type { BlockConfig } from "../block/block-config.ts";
import type { DetectConfig } from "../detect/detect-config.ts";
import type { SavedStage } from "../detect/detect-stage.ts";
import type { ActiveDetector } from "../detect/plan.ts";
import type { Runbook } from "../incident/runbook.ts";
import type { Normalizer } from "../normalize/normalizer.ts";
import { Replay } from "../replay/replay.ts";
import type { AttackLabel, SimulationLabels } from "../simulate/label.ts";
import type { Simulation } from "../simulate/simulation.ts";
import { type Arrival, readRecords } from "./arrival.ts";
import { AttackRecords } from "./attack-record.ts";
import { BenignCounts } from "./benign-counts.ts";
import { disturb } from "./disturb.ts";
import type { Disturbance } from "./disturbance.ts";
import { Findings } from "./findings.ts";
import { type RunName, type RunScore, scoreRun } from "./run-score.ts";
import { StandingBlocks } from "./standing-blocks.ts";

/** What every run is judged by. */
export interface Judges {
  readonly detectors: readonly ActiveDetector[];
  readonly runbooks: readonly Runbook[];
  readonly detect: DetectConfig;
  readonly block: BlockConfig;
  readonly disturbances: ReadonlySet<Disturbance>;
}

/** What is judged. */
export interface Stream {
  /** The same each time: it is run once for its labels, which are whole at its end, and once for its lines. */
  readonly simulation: () => Simulation;
  /** New for each run; knows the sources of `scoreSources`. */
  readonly normalizer: Pick<Normalizer, "normalize">;
}

/** With `keys`, memory has room for so many of each kind. */
const fewRows = 2_048;
/** Runbooks page this one, so that incidents know when they keep each other quiet. */
const teams = { names: new Set(["on-call"]), first: "on-call" };

/**
 * One run: simulated lines through the normalizer, the detect stage, the runbooks and the guard, in
 * event time, and what they told compared with the labels. Throws when a simulated line is not
 * understood.
 */
export function judgeRun(name: RunName, { simulation, normalizer }: Stream, judges: Judges): RunScore {
  const labels = labelsOf(simulation());
  const attacks = new AttackRecords(labels.attacks);
  const findings = new Findings();
  const standing = new StandingBlocks();
  const benign = new BenignCounts();
  const { disturbances } = judges;
  const detect = disturbances.has("keys") ? { ...judges.detect, clients: fewRows } : judges.detect;
  const replay = new Replay({
    ...{ detectors: judges.detectors, runbooks: judges.runbooks, detect, block: judges.block, teams },
    networks: { trusted: [], providers: [] },
    onDetections: (detections) => findings.detections(detections, replay.clock.now()),
    onIncident: (change) => findings.incident(change),
    onDecision(decision) {
      findings.decision(decision, replay.clock.now());
      standing.put(decision);
    },
  });
  const restarts = disturbances.has("restart")
    ? new Restarts(replay, judges.detect.saveEvery, labels.attacks)
    : undefined;

  const count = ({ event, at, isExtra }: Arrival) => {
    if (isExtra) return;
    const attack = attacks.of(event);
    if (attack) attack.add(event);
    else benign.add(event, standing.hits(event, at));
  };
  let arrivals: Iterable<Arrival> = readRecords(simulation().batches(), normalizer);
  if (disturbances.size > 0) arrivals = disturb(arrivals, { disturbances, seed: name.seed, rows: fewRows });
  for (const second of seconds(arrivals)) {
    replay.passTo(second.at(-1)!.at);
    restarts?.before(second);
    for (const arrival of second) count(arrival);
    takeAll(replay, second);
  }
  replay.finish();

  const keys = new Map(judges.detectors.map(({ definition }) => [definition.id, definition.key]));
  const detectors = replay.detectors().map((status) => ({ ...status, key: keys.get(status.id) ?? [] }));
  return scoreRun(name, { labels, records: attacks.all, findings, benign, detectors });
}

// helpers

/** Holding the lines in place of making them twice takes longer: there are hundreds of megabytes of them. */
function labelsOf(simulation: Simulation): SimulationLabels {
  for (const _ of simulation.batches());
  return simulation.labels();
}

/** Arrivals of the same second together. */
function* seconds(arrivals: Iterable<Arrival>): Generator<Arrival[]> {
  let held: Arrival[] = [];
  let second = 0;
  for (const arrival of arrivals) {
    const of = Math.floor(arrival.at / 1000);
    if (of > second && held.length > 0) {
      yield held;
      held = [];
    }
    second = of;
    held.push(arrival);
  }
  if (held.length > 0) yield held;
}

/** Hands arrivals over in runs of one partition, as batches come. */
function takeAll(replay: Replay, arrivals: readonly Arrival[]): void {
  for (let from = 0; from < arrivals.length;) {
    const { partition } = arrivals[from]!;
    let to = from + 1;
    while (to < arrivals.length && arrivals[to]!.partition === partition) to++;
    const batch = arrivals.slice(from, to);
    replay.take({ partition, events: batch.map(({ event }) => event), takenAt: (i) => batch[i]!.at });
    from = to;
  }
}

/** Restarts in the middle of each attack, from what was saved a little earlier; what came since is read again. */
class Restarts {
  readonly #replay: Replay;
  readonly #saveEvery: number;
  readonly #moments: number[];
  #saved: SavedStage | undefined;
  #since: (readonly Arrival[])[] = [];

  constructor(replay: Replay, saveEvery: number, attacks: readonly AttackLabel[]) {
    this.#replay = replay;
    this.#saveEvery = saveEvery;
    this.#moments = attacks.map(({ start, end }) => (start + end) / 2).sort((a, b) => a - b);
  }

  /** Before these arrivals are taken. */
  before(arrivals: readonly Arrival[]): void {
    const now = arrivals[0]!.at;
    const [moment = Infinity] = this.#moments;
    if (this.#saved !== undefined && now >= moment) {
      this.#replay.restart(this.#saved);
      for (const earlier of this.#since) takeAll(this.#replay, earlier);
      this.#saved = undefined;
      this.#since = [];
      while ((this.#moments[0] ?? Infinity) <= now) this.#moments.shift();
    } else if (this.#saved === undefined && now >= moment - this.#saveEvery) {
      this.#saved = deserialize(serialize(this.#replay.save())) as SavedStage;
    }
    if (this.#saved !== undefined) this.#since.push(arrivals);
  }
}
