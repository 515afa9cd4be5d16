import { join } from "node:path";
import { eventually } from "./eventually.ts";
import { type GatewatchProcess, startGatewatch } from "./gatewatch-process.ts";

/** What takes the lead away from an instance. */
export type Fault = "drained" | "killed" | "paused";

/** How long the other may take, from the beginning of the fault until it is ready and has handled a line. */
export const withinMs: Readonly<Record<Fault, number>> = { drained: 2_000, killed: 10_000, paused: 10_000 };

/** Two instances of one cluster, each in a folder of its own. */
export class TwoInstances {
  leader: GatewatchProcess;
  warm: GatewatchProcess;
  readonly #start: (directory: string) => Promise<GatewatchProcess>;
  #directories: [string, string];

  private constructor(
    start: (directory: string) => Promise<GatewatchProcess>,
    directories: [string, string],
    [leader, warm]: readonly [GatewatchProcess, GatewatchProcess],
  ) {
    this.#start = start;
    this.#directories = directories;
    [this.leader, this.warm] = [leader, warm];
  }

  static async start(directory: string, config: Readonly<Record<string, unknown>>): Promise<TwoInstances> {
    const start = (own: string) => startGatewatch({ directory: own, config, until: "listening" });
    const directories: [string, string] = [join(directory, "one"), join(directory, "two")];
    const leader = await start(directories[0]);
    await eventually("the first to lead", () => isReady(leader));
    return new TwoInstances(start, directories, [leader, await start(directories[1])]);
  }

  /**
   * Drains, kills or pauses the one that leads; resolves with how long it took until the other did its work,
   * in ms of a machine that has time for it: where others want its cores, less than went by.
   */
  async strike(fault: Fault, sendLine: () => Promise<void>): Promise<number> {
    const [struck, next] = [this.leader, this.warm];
    const crowdedBefore = crowding();
    const begun = performance.now();
    if (fault === "paused") struck.hang();
    const ended = fault === "drained" ? struck.stop() : fault === "killed" ? struck.kill() : undefined;
    await eventually("the other to be ready", () => isReady(next), 20_000);
    await sendLine();
    await eventually("the other to read", async () => (await handled(next)) > 0, 20_000);
    const tookMs = performance.now() - begun;
    if (ended === undefined) struck.resume();
    else await ended;
    const [was, other] = this.#directories;
    this.#directories = [other, was];
    this.leader = next;
    this.warm = ended === undefined ? struck : await this.#start(was);
    return tookMs / Math.max(1, (crowdedBefore + crowding()) / 2);
  }

  /** Resolves once the one that was struck is there again, and knows that it does not lead. */
  async recovered(): Promise<void> {
    const { warm } = this;
    await eventually("the one that was struck to be warm", async () => (await reasons(warm)).some((why) => why.startsWith("warm"))); // prettier-ignore
    // A member of the group: else the next fault would find nobody.
    await eventually("it to have joined", () => warm.log().lastIndexOf("has joined the group") > warm.log().lastIndexOf('and warm"'), 20_000); // prettier-ignore
  }

  async stop(): Promise<void> {
    await Promise.all([this.leader.kill(), this.warm.kill()]);
  }
}

/** How many times longer work takes now than it needs of a core. */
export function crowding(): number {
  const [begun, cpu] = [performance.now(), process.cpuUsage()];
  const used = () => process.cpuUsage(cpu).user / 1000;
  while (used() < 100);
  return (performance.now() - begun) / used();
}

export async function isReady({ url }: GatewatchProcess): Promise<boolean> {
  return fetch(`${url}/readyz`, { signal: AbortSignal.timeout(500) }).then(
    ({ ok }) => ok,
    () => false,
  );
}

// helpers

async function handled(gatewatch: GatewatchProcess): Promise<number> {
  return gatewatch.metric("gatewatch_normalize_events_total").catch(() => 0);
}

async function reasons({ url }: GatewatchProcess): Promise<string[]> {
  return fetch(`${url}/readyz`, { signal: AbortSignal.timeout(500) }).then(
    async (response) => ((await response.json()) as { reasons: string[] }).reasons,
    () => [],
  );
}
