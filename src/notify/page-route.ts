import type { IncidentChange } from "../incident/incident.ts";
import type { Delivery } from "./notifier.ts";
import type { Team } from "./notify-config.ts";

/**
 * The channels a page goes to first: all of the team's. An incident about a failing channel leaves
 * out that channel and all that are down, or each page about the failure would fail as well; when
 * none is left, the team's fallbacks take their place. Empty: nobody can be told.
 */
export function pageRoute(
  team: Team | undefined,
  change: IncidentChange,
  isDown: (channel: string) => boolean,
): readonly string[] {
  if (!team) return [];
  const failing = failingChannel(change);
  if (failing === undefined) return team.channels;
  const usable = (channel: string) => channel !== failing && !isDown(channel);
  const route = team.channels.filter(usable);
  return route.length > 0 ? route : team.fallback.filter(usable).slice(0, 1);
}

/**
 * Where a page goes when its channel fails: the team's first fallback that this paging has not used
 * yet, one that is not down if there is any. `undefined`: nobody else is left, or it is a follow-up,
 * which only concerns the channel that has the page.
 */
export function nextChannel(
  delivery: Delivery,
  options: {
    team: Team | undefined;
    /** All deliveries of the incident. */
    history: readonly Delivery[];
    exists: (channel: string) => boolean;
    isDown: (channel: string) => boolean;
  },
): string | undefined {
  const { kind } = delivery.page;
  if (kind !== "trigger" && kind !== "summary") return undefined;
  const paging = options.history.filter((d) => d.page.kind === kind && d.round === delivery.round);
  const used = new Set(paging.map((d) => d.channel));
  const left = (options.team?.fallback ?? []).filter((channel) => !used.has(channel) && options.exists(channel));
  return left.find((channel) => !options.isDown(channel)) ?? left[0];
}

// helpers

/** The channel a service incident is about: its key's or its group's `channel`. */
function failingChannel({ incident, detection }: IncidentChange): string | undefined {
  if (detection && detection.origin !== "service") return undefined;
  return detection?.key["channel"] ?? incident.group["channel"];
}
