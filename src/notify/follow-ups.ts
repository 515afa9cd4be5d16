import { hasReached } from "./delivery.ts";
import type { Delivery } from "./notifier.ts";

/** What an acknowledgement or a resolution means for the pages that went before it. */
export interface FollowUps {
  /** Channels that have the page, or are just getting it: they are told. */
  readonly tell: readonly string[];
  /** Pages that nobody has seen and nobody needs any more. */
  readonly cancel: readonly Delivery[];
}

/**
 * Chooses by what was sent, not by who is configured now: a channel that shows an incident as open
 * has to hear of its end. `history` holds all deliveries of the incident, in the order they were made.
 */
export function followUps(history: readonly Delivery[], kind: "acknowledge" | "resolve"): FollowUps {
  const tell: string[] = [];
  const cancel: Delivery[] = [];
  for (const channel of new Set(history.map((d) => d.channel))) {
    const triggers = openTriggers(history, channel);
    if (kind === "resolve") cancel.push(...triggers.filter((d) => d.state === "pending"));
    if (triggers.some((d) => hasReached(d) || mayYetReach(d, kind))) tell.push(channel);
  }
  return { tell, cancel };
}

/** The pages on this channel that no resolution has followed yet. */
export function openTriggers(history: readonly Delivery[], channel: string): readonly Delivery[] {
  const here = history.filter((d) => d.channel === channel);
  const resolved = here.findLastIndex((d) => d.page.kind === "resolve" && d.state !== "cancelled");
  return here.slice(resolved + 1).filter((d) => d.page.kind === "trigger");
}

// helpers

/** An acknowledgement also lines up behind a page that waits, and is dropped if that never arrives. */
function mayYetReach(trigger: Delivery, kind: "acknowledge" | "resolve"): boolean {
  return trigger.state === "sending" || (trigger.state === "pending" && kind === "acknowledge");
}
