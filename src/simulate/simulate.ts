import type { Actor } from "./actor.ts";
import type { AttackKind } from "./attack.ts";
import { attackList } from "./attack-list.ts";
import { Catalog } from "./catalog.ts";
import { createWriter } from "./create-writer.ts";
import { Crowd } from "./crowd.ts";
import { EventQueue } from "./event-queue.ts";
import type { SimulationLabels } from "./label.ts";
import { LogOutlet } from "./log-outlet.ts";
import { People } from "./people.ts";
import { planAttacks, type AttackPlan } from "./plan-attacks.ts";
import { Random } from "./random.ts";
import { regularEntities, regularRate, regulars } from "./regulars.ts";
import { meanActivity } from "./rhythm.ts";
import type { Shop } from "./shop.ts";
import type { SimulatedRecord, Simulation, SimulationOptions } from "./simulation.ts";
import { planStressors, stressorList } from "./stressor-list.ts";
import { Strangers } from "./strangers.ts";

/** Lines in a batch. Larger ones outlive the collector's young generation, and cost half the speed. */
const batchSize = 256;

/** A simulated shop with everything that happens in it. Throws when there is no such format; the command checks that before. */
export function simulate(options: SimulationOptions): Simulation {
  return new Run(options);
}

// helpers

const outageId = "payment-storm";
const isOutage = ({ id }: AttackKind) => id === outageId;
const blatant = (kind: AttackKind) => ({ kind, intensity: 10 as const });

class Run implements Simulation {
  readonly #options: SimulationOptions;
  readonly #end: number;
  readonly #queue: EventQueue<Actor>;
  readonly #outlet: LogOutlet;
  readonly #shop: Shop;
  readonly #stressors: ReturnType<typeof planStressors>;
  readonly #plan: AttackPlan;

  constructor(options: SimulationOptions) {
    const { seed, start, durationMs, rate, customers, format } = options;
    const writer = createWriter(format);
    if (writer === undefined) throw new Error(`nothing is written as ${format}`);
    const end = start + durationMs;
    const random = new Random(seed, "benign");
    this.#options = options;
    this.#end = end;
    this.#shop = {
      random,
      catalog: new Catalog(),
      people: new People({ count: customers, seed, start, end }),
      strangers: new Strangers(new Random(seed, "strangers")),
      conditions: [],
      witnesses: [],
      numbers: { order: 700_000, account: 0, session: 0 },
      mood: { viralCode: undefined, isUsedUp: false, isAttacked: false },
    };
    this.#queue = new EventQueue(start);
    const { conditions, witnesses } = this.#shop;
    this.#outlet = new LogOutlet({ queue: this.#queue, writer, conditions, witnesses, seed });
    const crowd = new Crowd(this.#shop, {
      rate: Math.max(0, rate - regularRate(rate)),
      meanActivity: meanActivity(start, end),
    });
    crowd.open(start, this.#outlet);
    this.#queue.add(start, crowd);
    for (const { actor, firstMs } of regulars(this.#shop, rate)) this.#queue.add(start + firstMs, actor);
    this.#stressors = planStressors(
      stressorList.filter(({ id }) => options.stressors.includes(id)),
      { options, shop: this.#shop },
    );
    for (const { actor, at } of this.#stressors.flatMap(({ actors }) => actors)) this.#queue.add(at, actor);
    this.#plan = planAttacks(
      attackList.filter(({ id }) => options.attacks.includes(id)),
      {
        ...{ options, shop: this.#shop, isEnriched: writer.shopEvent !== undefined, sent: this.#outlet },
        also: options.stressors.includes("payment-outage") ? attackList.filter(isOutage).map(blatant) : [],
      },
    );
    for (const { actor, begins } of this.#plan.attacks) this.#queue.add(begins, actor);
  }

  *batches(): Iterable<readonly SimulatedRecord[]> {
    const queue = this.#queue;
    const outlet = this.#outlet;
    for (let actor = queue.takeBefore(this.#end); actor !== undefined; actor = queue.takeBefore(this.#end)) {
      const next = actor.act(queue.now, outlet);
      if (next < this.#end) queue.add(next, actor);
      if (outlet.records.length < batchSize) continue;
      yield outlet.records;
      outlet.records = [];
    }
    if (outlet.records.length > 0) yield outlet.records;
    outlet.records = [];
  }

  labels(): SimulationLabels {
    const { seed, start, format, stressors } = this.#options;
    const { requests, shopEvents } = this.#outlet;
    const attacks = this.#plan.attacks.map((attack) => attack.label()).sort((a, b) => a.start - b.start);
    // Clients try again and again meanwhile, and may.
    const outages = attacks.filter(({ kind, intensity }) => kind === outageId && intensity === 10);
    const retries = stressors.includes("payment-outage")
      ? outages.map(({ start: from, end }) => ({ kind: "payment-outage", mayTell: [], entities: [], start: from, end }))
      : [];
    return {
      ...{ seed, start, end: this.#end, format },
      attacks,
      stressors: [...this.#stressors.map(({ label }) => label), ...retries],
      skipped: this.#plan.skipped,
      regulars: [...regularEntities(), ...this.#shop.people.shared()],
      lines: { requests, shopEvents },
    };
  }
}
