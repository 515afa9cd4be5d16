import type { Severity } from "../detect/detection.ts";

/** What people are told, before any channel has dressed it. All text is plain and may be hostile. */
export interface Page {
  /** The same on every repeat of the same delivery; a channel that can tell repeats apart uses it. */
  readonly deliveryId: string;
  readonly kind: "trigger" | "acknowledge" | "resolve" | "summary";
  readonly incidentId: string;
  readonly title: string;
  readonly severity: Severity;
  readonly summary: string;
  readonly state: string;
  readonly openedAt: number;
  readonly team: string;
  readonly service: string;
  /** Name and value, most telling first; at most 10. */
  readonly facts: readonly (readonly [string, string])[];
  /** One line each, at most 5. */
  readonly evidence: readonly string[];
  /** The first steps of the runbook; at most 6. */
  readonly steps: readonly string[];
  readonly incidentUrl: string;
  readonly runbookUrl: string;
}

/** What the channel said. `retry`: worth trying again, after `afterMs` if it said so. */
export type SendResult =
  | { readonly kind: "sent"; readonly reference: string | undefined }
  | {
      readonly kind: "retry";
      readonly reason: SendFailure;
      readonly detail: string;
      readonly afterMs: number | undefined;
    }
  | { readonly kind: "refused"; readonly reason: SendFailure; readonly detail: string };

export type SendFailure = "timeout" | "network" | "rate_limited" | "server_error" | "rejected" | "unauthorized";

/** One channel to people. No telemetry, no retries: the outbox around it does both. */
export interface Notifier {
  readonly channel: string;
  readonly type: string;
  /** True when a second send of the same `deliveryId` is harmless (PagerDuty, signed webhook). */
  readonly idempotent: boolean;
  send(page: Page, signal: AbortSignal): Promise<SendResult>;
  close?(): Promise<void>;
}

/** A page on its way through one channel; kept in the store. */
export interface Delivery {
  readonly id: string;
  readonly version: number;
  readonly incident: string;
  readonly team: string;
  readonly channel: string;
  readonly page: Page;
  /** `sending`: the attempt was begun; found after a crash, it may have arrived. */
  readonly state: "pending" | "sending" | "sent" | "failed" | "handed_over" | "unknown";
  readonly attempts: number;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly nextAttemptAt: number;
  readonly reference: string | undefined;
  readonly lastError: string | undefined;
  /** True once it was sent again after a crash in mid-send; never a third time where the channel can't tell. */
  readonly repeated: boolean;
}
