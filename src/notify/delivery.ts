import { createHash } from "node:crypto";
import type { SavedRow } from "../store/store.ts";
import type { Delivery, Page } from "./notifier.ts";

/** What makes a delivery this one: the same four give the same id, so that a replay makes no second page. */
export interface DeliveryKey {
  readonly incident: string;
  readonly kind: Page["kind"];
  /** Which paging of the incident: `0:high`. */
  readonly round: string;
  readonly channel: string;
}

/** `dlv_` and 16 hex digits. */
export function deliveryId(key: DeliveryKey): string {
  const text = JSON.stringify([key.incident, key.kind, key.round, key.channel]);
  return `dlv_${createHash("sha256").update(text).digest("hex").slice(0, 16)}`;
}

/** A delivery that has not been tried yet. `page.deliveryId` is set from the key. */
export function newDelivery(key: DeliveryKey, page: Omit<Page, "deliveryId">, now: number): Delivery {
  const id = deliveryId(key);
  return {
    id,
    version: 1,
    incident: key.incident,
    team: page.team,
    channel: key.channel,
    page: { ...page, deliveryId: id },
    state: "pending",
    attempts: 0,
    createdAt: now,
    updatedAt: now,
    nextAttemptAt: now,
    reference: undefined,
    lastError: undefined,
    repeated: false,
    round: key.round,
    doubtful: false,
  };
}

/** The same delivery one version on. */
export function changedDelivery(
  delivery: Delivery,
  change: Partial<Omit<Delivery, "id" | "version">>,
  now: number,
): Delivery {
  return { ...delivery, ...change, version: delivery.version + 1, updatedAt: now };
}

/** As the store keeps it. Times are epoch milliseconds. */
export function deliveryRow(delivery: Delivery): SavedRow {
  return {
    table: "deliveries",
    id: delivery.id,
    version: delivery.version,
    time: delivery.createdAt,
    columns: {
      incident: delivery.incident,
      team: delivery.team,
      channel: delivery.channel,
      kind: delivery.page.kind,
      state: delivery.state,
      attempts: delivery.attempts,
      createdAt: delivery.createdAt,
      updatedAt: delivery.updatedAt,
      nextAttemptAt: delivery.nextAttemptAt,
      reference: delivery.reference ?? "",
      lastError: delivery.lastError ?? "",
      repeated: delivery.repeated,
    },
    body: delivery,
  };
}

/** Nothing more will happen to it. */
export function isFinished(delivery: Delivery): boolean {
  return delivery.state !== "pending" && delivery.state !== "sending";
}

/** The channel has it, or may have it. */
export function hasReached(delivery: Delivery): boolean {
  return delivery.state === "sent" || delivery.state === "unknown" || delivery.doubtful === true;
}
