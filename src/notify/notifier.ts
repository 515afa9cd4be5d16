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
  /** When what it tells happened, epoch ms; `openedAt` when absent. */
  readonly at?: number;
  /** The delivery that told this channel of the incident first, so that later ones can thread below it. */
  readonly inReplyTo?: string;
}

/** What the channel said. `retry`: worth trying again, after `afterMs` if it said so. */
export type SendResult =
  | { readonly kind: "sent"; readonly reference: string | undefined }
  | {
      readonly kind: "retry";
      readonly reason: SendFailure;
      readonly detail: string;
      readonly afterMs: number | undefined;
      /** True when no answer came and the page may have arrived all the same. */
      readonly maybeSent?: boolean;
    }
  | { readonly kind: "refused"; readonly reason: SendFailure; readonly detail: string };

export type SendFailure = "timeout" | "network" | "rate_limited" | "server_error" | "rejected" | "unauthorized";

/** One channel to people. No telemetry, no retries: the outbox around it does both. */
export interface Notifier {
  readonly channel: string;
  readonly type: string;
  /** True when a second send of the same `deliveryId` is harmless (PagerDuty, signed webhook). */
  readonly idempotent: boolean;
  /** At least so long between the starts of two sends, in ms; a limit the channel is known to have. */
  readonly minIntervalMs?: number;
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
  /**
   * `sending`: the attempt was begun; found after a crash, it may have arrived. `handed_over`: the
   * channel was down, and the next one got it. `unknown`: it may have arrived, and sending it once
   * more could page twice. `cancelled`: it was over before it was sent.
   */
  readonly state: "pending" | "sending" | "sent" | "failed" | "handed_over" | "unknown" | "cancelled";
  readonly attempts: number;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly nextAttemptAt: number;
  readonly reference: string | undefined;
  readonly lastError: string | undefined;
  /** True once it was sent again after a crash in mid-send; never a third time where the channel can't tell. */
  readonly repeated: boolean;
  /** Which paging of the incident it belongs to (`0:high`); of a summary, until when it holds (epoch ms). */
  readonly round?: string;
  /** True once an attempt ended without an answer: it may have arrived. */
  readonly doubtful?: boolean;
}
