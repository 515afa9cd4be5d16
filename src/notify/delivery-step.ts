import type { Delivery, SendResult } from "./notifier.ts";

/** A page people have to see is with the next channel after so long; half a minute would be felt. */
export const handOverAfterMs = 15_000;
/** So many failures in a row, of any of its pages, and a channel counts as down. */
export const failuresUntilDown = 3;
/** An attempt may take so long; a mail server that greets slowly needs a few seconds. */
export const attemptMs = 10_000;
/** Even late in its hand-over time an attempt gets so long, or it could never succeed. */
const shortestAttemptMs = 2_000;
/** With the delays below, the last attempt is about half an hour after the first. */
const maxAttempts = 14;
const giveUpAfterMs = 30 * 60_000;
const firstDelayMs = 1_000;
const longestDelayMs = 5 * 60_000;
/** A channel may ask for more patience than we would have, within reason. */
const longestAskedMs = 10 * 60_000;

/** What becomes of a delivery after an attempt. */
export type Step =
  | { readonly kind: "sent" }
  | { readonly kind: "again"; readonly at: number; readonly repeated: boolean }
  | { readonly kind: "hand_over" }
  | { readonly kind: "cancel" }
  | { readonly kind: "give_up"; readonly state: "failed" | "unknown" };

export interface StepInput {
  /** With `attempts` counting the one that just ended. */
  readonly delivery: Delivery;
  readonly result: SendResult;
  readonly now: number;
  /** Whether a second send of the same page is harmless on this channel. */
  readonly idempotent: boolean;
  /** Failures of the channel without a success between them, this one included. */
  readonly failuresInRow: number;
  /** Whether another channel could take the page. */
  readonly hasFallback: boolean;
  /** True when the incident was resolved meanwhile. */
  readonly over: boolean;
  /** From 0 to below 1. */
  readonly random: number;
}

/** Decides, from what a channel said, what becomes of the delivery. Changes nothing. */
export function nextStep(input: StepInput): Step {
  const { delivery, result, now, hasFallback } = input;
  if (result.kind === "sent") return { kind: "sent" };
  if (input.over) return { kind: "cancel" };
  if (result.kind === "refused") return hasFallback ? { kind: "hand_over" } : { kind: "give_up", state: "failed" };

  // Where the channel can't tell repeats apart, no answer may mean that people have it already.
  const couldPageTwice = result.maybeSent === true && !input.idempotent;
  if (couldPageTwice && hasFallback) return { kind: "hand_over" };
  if (couldPageTwice && delivery.repeated) return { kind: "give_up", state: "unknown" };
  if (delivery.attempts >= maxAttempts || now - delivery.createdAt >= giveUpAfterMs) {
    return hasFallback ? { kind: "hand_over" } : { kind: "give_up", state: "failed" };
  }
  const at = now + retryDelayMs({ attempts: delivery.attempts, askedMs: result.afterMs, random: input.random });
  const down = input.failuresInRow >= failuresUntilDown || at >= delivery.createdAt + handOverAfterMs;
  if (down && hasFallback) return { kind: "hand_over" };
  return { kind: "again", at, repeated: delivery.repeated || couldPageTwice };
}

/** How long the next attempt may take, in ms: while another channel waits to take over, only what is left. */
export function attemptTimeoutMs(delivery: Delivery, options: { now: number; hasFallback: boolean }): number {
  if (!options.hasFallback) return attemptMs;
  const left = delivery.createdAt + handOverAfterMs - options.now;
  return Math.min(attemptMs, Math.max(shortestAttemptMs, left));
}

/**
 * Doubles from one second to five minutes, a fifth more or less by chance so that many don't come
 * back at once. What the channel asked for is a lower bound, up to ten minutes.
 */
export function retryDelayMs(options: { attempts: number; askedMs: number | undefined; random: number }): number {
  const doubled = Math.min(longestDelayMs, firstDelayMs * 2 ** Math.max(0, options.attempts - 1));
  const jittered = Math.round(doubled * (0.8 + 0.4 * options.random));
  return Math.max(jittered, Math.min(options.askedMs ?? 0, longestAskedMs));
}
