import type { EndpointClass } from "../normalize/access-event.ts";
import { type Baseline, type BaselineMeasure, unknownBaseline } from "./baseline.ts";
import { Baselines } from "./baselines.ts";
import type { Known } from "./counters.ts";
import { type JudgeContext, noContext } from "./judge-context.ts";
import type { BoundDetector } from "./plan.ts";
import { addressOf } from "./shared-address.ts";
import type { TrafficMemory } from "./traffic-memory.ts";

/** Who is asked. */
interface Surroundings {
  readonly memory: Pick<TrafficMemory, "settledUsers" | "watchedMs">;
  readonly baselines: Baselines;
}

/** What is known of a key beside its figures; looked up only when a detector asks. */
export class RowContext implements JudgeContext {
  readonly #detector: BoundDetector;
  readonly #row: number;
  readonly #ask: Surroundings;

  constructor(detector: BoundDetector, row: number, ask: Surroundings) {
    this.#detector = detector;
    this.#row = row;
    this.#ask = ask;
  }

  get successfulUsers(): number | undefined {
    const { client, space } = this.#detector;
    const { memory } = this.#ask;
    const name = client === undefined ? undefined : space.partOf(this.#row, client);
    if (name === undefined) return undefined;
    if (space.dimensions[client!] === "clientIp") return memory.settledUsers(name);
    return name.startsWith("ip:") ? memory.settledUsers(name.slice(3)) : undefined;
  }

  /** The same where nothing is known of what is usual. */
  floorsOnly(): JudgeContext {
    return new RowContext(this.#detector, this.#row, { memory: this.#ask.memory, baselines: new Baselines() });
  }

  usersBehind(address: number): number | undefined {
    const clientIp = addressOf(address);
    return clientIp === undefined ? undefined : this.#ask.memory.settledUsers(clientIp);
  }

  get watchedMs(): number {
    return this.#ask.memory.watchedMs;
  }

  get population(): Known {
    const { population, space } = this.#detector;
    const route = population && space.partOf(this.#row, population.route);
    return route === undefined ? noContext.population : population!.usual.at(route);
  }

  baseline(of: BaselineMeasure, endpointClass?: EndpointClass): Baseline {
    const { active, space, lane } = this.#detector;
    if (!active.definition.baselines?.includes(of)) return unknownBaseline;
    const { route, gateway, ...key } = space.keyOf(this.#row);
    const ofClass = endpointClass ?? (key["endpointClass"] as EndpointClass | undefined);
    return this.#ask.baselines.at(of, { route, gateway, endpointClass: ofClass }, lane.windowMs);
  }
}
