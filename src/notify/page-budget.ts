import type { Delivery } from "./notifier.ts";

const hourMs = 3_600_000;

/** Whether a team may get one more page now. */
export type BudgetAnswer =
  | { readonly kind: "page" }
  /** The budget has just run out: one summary is due, and says `until` when nothing more is sent. */
  | { readonly kind: "summary"; readonly until: number }
  /** A summary already said so. */
  | { readonly kind: "quiet"; readonly until: number };

/**
 * Judges by the saved deliveries of the team, so that a restart changes nothing. A page is one
 * incident's paging, however many channels carry it; follow-ups don't count. In no hour are there
 * more than `perHour`. Once they are used up it stays quiet until all of them are free again: were
 * it only until the next one is, a storm would bring a page and a summary each minute.
 */
export function pageBudget(deliveries: readonly Delivery[], options: { now: number; perHour: number }): BudgetAnswer {
  const { now, perHour } = options;
  const quietUntil = Math.max(0, ...deliveries.filter((d) => d.page.kind === "summary").map((d) => Number(d.round)));
  if (quietUntil > now) return { kind: "quiet", until: quietUntil };
  const pages = new Map<string, number>();
  for (const d of deliveries) {
    if (d.page.kind !== "trigger" || d.state === "cancelled" || d.createdAt <= now - hourMs) continue;
    const key = `${d.incident} ${d.round}`;
    pages.set(key, Math.max(pages.get(key) ?? 0, d.createdAt));
  }
  if (pages.size < perHour) return { kind: "page" };
  return { kind: "summary", until: Math.max(...pages.values()) + hourMs };
}

/** How far back `pageBudget` has to see: a summary may hold for an hour after the last page, itself an hour ago. */
export const budgetReachMs = 2 * hourMs;
