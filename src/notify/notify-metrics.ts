import type { Metrics } from "../metrics.ts";
import type { Delivery, SendFailure, SendResult } from "./notifier.ts";

/** How an attempt or a delivery ended; closed, since it is a label. */
export type DeliveryResult = Exclude<Delivery["state"], "pending" | "sending"> | "retry";

/** What went wrong in the outbox itself. */
export type OutboxFailure = "save" | "history" | "timeline" | "notifier_threw" | "queue_full" | "no_team";

export interface NotifyMetrics {
  delivery(channel: string, result: DeliveryResult): void;
  attempt(channel: string, result: SendResult, seconds: number): void;
  suppressed(team: string): void;
  failure(step: OutboxFailure): void;
  pending(count: number): void;
}

/** Registers what the outbox measures. Labels are channels and teams of the configuration, and closed sets. */
export function createNotifyMetrics(metrics: Metrics): NotifyMetrics {
  const deliveries = metrics.counter<"channel" | "result">(
    "gatewatch_notify_deliveries_total",
    "Deliveries by how they ended; `retry` counts attempts that will be repeated.",
    ["channel", "result"],
  );
  const failures = metrics.counter<"channel" | "reason">(
    "gatewatch_notify_attempt_failures_total",
    "Attempts that a channel did not take, by reason.",
    ["channel", "reason"],
  );
  const seconds = metrics.histogram<"channel">("gatewatch_notify_attempt_seconds", "How long an attempt took.", {
    labels: ["channel"],
    buckets: [0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10],
  });
  const suppressed = metrics.counter<"team">(
    "gatewatch_notify_suppressed_total",
    "Incidents that were only shown because the team's pages for the hour were used up.",
    ["team"],
  );
  const outbox = metrics.counter<"step">("gatewatch_notify_errors_total", "Failures inside the outbox, by step.", [
    "step",
  ]);
  const pending = metrics.gauge("gatewatch_notify_pending", "Deliveries that are waiting or being sent.");
  return {
    delivery: (channel, result) => deliveries.inc({ channel, result }),
    attempt(channel, result, duration) {
      seconds.observe({ channel }, duration);
      if (result.kind !== "sent") failures.inc({ channel, reason: result.reason satisfies SendFailure });
    },
    suppressed: (team) => suppressed.inc({ team }),
    failure: (step) => outbox.inc({ step }),
    pending: (count) => pending.set(count),
  };
}
