import type { Attack, AttackKind, FloorFacts, Outage, Scene } from "./attack.ts";
import { Campaign, type Sent } from "./campaign.ts";
import { Disturbance } from "./disturbance.ts";
import { FloorGauge } from "./floor-gauge.ts";
import { intensities, type AttackLabel, type Intensity } from "./label.ts";
import { Random } from "./random.ts";
import type { Shop } from "./shop.ts";
import { activity, meanActivity } from "./rhythm.ts";
import type { SimulationOptions } from "./simulation.ts";
import { laptopBrowsers, tools } from "./user-agents.ts";

/** Before the first attack there is a quiet time, to compare with: a share of the run, at most an hour. */
const quietShare = 0.2;
const longestQuietMs = 3_600_000;
/** What concerns everybody comes later, when there is something to compare with, and one after the other. */
const siteWideShare = 0.3;
/** Of an attack below its floor: so many counts have to be missing in any stretch of its window. */
const safety = 2;

/** An attack that is to take place. */
export interface PlannedAttack {
  readonly actor: Campaign | Disturbance;
  readonly begins: number;
  label(): AttackLabel;
}

export interface AttackPlan {
  readonly attacks: readonly PlannedAttack[];
  readonly skipped: readonly { readonly kind: string; readonly reason: string }[];
}

/** Spreads the attacks over the run. What does not fit into it is skipped, and why. */
export function planAttacks(
  kinds: readonly AttackKind[],
  world: {
    options: SimulationOptions;
    shop: Shop;
    isEnriched: boolean;
    sent: Sent;
    /** These besides, whatever the intensity of the others. */
    also?: readonly { readonly kind: AttackKind; readonly intensity: Intensity }[];
  },
): AttackPlan {
  const { options, shop } = world;
  const { start, durationMs, intensity } = options;
  const random = new Random(options.seed, "attacks");
  const wanted: readonly Intensity[] = intensity === "mixed" ? intensities : [intensity];
  const all = [
    ...random.shuffled(kinds.flatMap((kind) => wanted.map((one) => ({ kind, intensity: one })))),
    ...(world.also ?? []),
  ];
  const siteWide = all.filter(({ kind }) => kind.isSiteWide);
  const skipped: { kind: string; reason: string }[] = [];
  const attacks: PlannedAttack[] = [];
  const quietMs = Math.min(longestQuietMs, Math.floor(durationMs * quietShare));
  const siteWideFrom = Math.floor(durationMs * siteWideShare);
  const siteWideMs = siteWide.reduce((sum, { kind }) => sum + (kind.lastsMs ?? 2 * kind.windowMs), 0);
  // Room between them, as much as there is.
  const pauseMs = Math.max(0, Math.floor((durationMs - siteWideFrom - siteWideMs) / Math.max(1, siteWide.length)));
  let nextSiteWide = siteWideFrom;
  const usual = meanActivity(start, start + durationMs);
  const rateAt = (from: number) => (options.rate * activity(start + from)) / usual;

  for (const [i, { kind, intensity: one }] of all.entries()) {
    const facts = factsOf(kind, world, kind.isSiteWide ? rateAt(nextSiteWide + kind.windowMs) : options.rate);
    const floor = Math.ceil(kind.floor(facts));
    const own = kind.steps?.({ ...facts, intensity: one });
    const size = own ? { floor, perWindow: own.total, ...own } : sizeOf(kind, { floor, intensity: one });
    if (size === undefined) {
      skipped.push({ kind: kind.id, reason: `at ${one} times its floor nothing would happen` });
      continue;
    }
    const { lastsMs } = size;
    let from = quietMs + random.below(Math.max(1, durationMs - quietMs - lastsMs));
    if (kind.isSiteWide) {
      from = nextSiteWide;
      nextSiteWide += lastsMs + pauseMs;
    }
    if (from + lastsMs > durationMs || quietMs + lastsMs > durationMs) {
      skipped.push({ kind: kind.id, reason: `the run is too short: it takes ${Math.ceil(lastsMs / 60_000)} min` });
      continue;
    }
    const stream = new Random(options.seed, `attack ${kind.id} ${one}`);
    const scene: Scene = {
      ...facts,
      ...{ shop, random: stream, intensity: one, windowMs: kind.windowMs, start: start + from },
      ...size,
      tag: `a${i.toString(36)}`,
      userAgent: stream.pick(stream.chance(1 / 3) ? laptopBrowsers : tools),
    };
    attacks.push(begin(kind, scene, world));
  }
  return { attacks, skipped };
}

// helpers

function factsOf(
  kind: AttackKind,
  world: { options: SimulationOptions; isEnriched: boolean },
  rate: number,
): FloorFacts {
  const parameters = world.options.parametersOf?.(kind.detectors[0] ?? "");
  return {
    isEnriched: world.isEnriched,
    rate,
    limit: (parameter, otherwise) => {
      const value = parameters?.[parameter];
      return typeof value === "number" ? value : otherwise;
    },
  };
}

/** How many steps, and for how long; `undefined`: none. */
function sizeOf(kind: AttackKind, { floor, intensity }: { floor: number; intensity: Intensity }) {
  const isBelow = intensity < 1;
  const perWindow = isBelow ? Math.min(Math.floor(intensity * floor), floor - 1) : Math.ceil(intensity * floor);
  if (perWindow < 1) return undefined;
  // A stretch of one window may hold a step more than its share: with a low floor that would be too many.
  const once = kind.isOnce === true || (isBelow && perWindow + safety > floor);
  const lastsMs = kind.lastsMs ?? (once ? kind.windowMs : 2 * kind.windowMs);
  const total = once ? perWindow : Math.max(perWindow, Math.floor((perWindow * lastsMs) / kind.windowMs));
  return { floor, perWindow, total, lastsMs };
}

function begin(
  kind: AttackKind,
  scene: Scene,
  { shop, sent, options }: { shop: Shop; sent: Sent; options: SimulationOptions },
): PlannedAttack {
  const begun = kind.begin(scene);
  const { floor, windowMs } = scene;
  const actor = isOutage(begun)
    ? new Disturbance(begun, {
        gauge: new FloorGauge({ floor, windowMs, share: begun.floorShare, usual: begun.beside }),
        ...{ shop, start: scene.start, end: scene.start + scene.lastsMs },
      })
    : new Campaign(scene, begun, {
        gauge: new FloorGauge({ floor, windowMs, usual: begun.beside }),
        sent,
      });
  return {
    actor,
    begins: Math.max(options.start, actor.begins),
    label: () => ({
      ...{ kind: kind.id, intensity: scene.intensity, detectors: kind.detectors },
      ...{ entities: begun.entities ?? [], victims: begun.victims ?? [] },
      ...{ start: actor.first ?? scene.start, end: actor.last },
      floorCrossedAt: actor.gauge.crossedAt ?? null,
      floor: { counts: kind.counts, floor, windowMs },
      ...{ requests: actor.requests, shopEvents: actor.shopEvents },
    }),
  };
}

function isOutage(begun: Attack | Outage): begun is Outage {
  return "concerns" in begun;
}
