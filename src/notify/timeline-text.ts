import type { IncidentEvent } from "../incident/incident.ts";
import type { Delivery } from "./notifier.ts";

/** A line for an incident's timeline, as the outbox writes it. */
export interface PagerEvent extends Pick<IncidentEvent, "by" | "text" | "time"> {
  readonly kind: "paged" | "page_failed" | "page_suppressed";
  /** The same for the same thing told twice, so that it makes one line. */
  readonly cause: string;
}

/** What the timeline says of a delivery that ended; `undefined` when that is not worth a line. */
export function deliveryLine(
  delivery: Delivery,
  handedTo: Delivery | undefined,
): Pick<PagerEvent, "kind" | "cause" | "text"> | undefined {
  const { channel, lastError = "no reason known" } = delivery;
  const what = names[delivery.page.kind];
  const line = (kind: PagerEvent["kind"], text: string) =>
    ({ kind, cause: `${delivery.id}:${delivery.state}`, text: `${what} ${text}` }) as const;
  switch (delivery.state) {
    case "sent":
      return line("paged", `sent to ${channel}${delivery.repeated ? ", a second time" : ""}`);
    case "handed_over":
      return line("page_failed", `to ${channel} failed (${lastError}); ${handedTo?.channel} gets it`);
    case "failed":
      return line("page_failed", `to ${channel} failed (${lastError}); no other channel is left`);
    case "unknown":
      return line("page_failed", `to ${channel} may have arrived; it is not sent again`);
    case "cancelled":
      // A follow-up to a page that never arrived is nobody's loss.
      return delivery.page.kind === "trigger"
        ? line("page_suppressed", `to ${channel} dropped: it was over before it was sent`)
        : undefined;
    default:
      return undefined;
  }
}

// helpers

const names: Readonly<Record<Delivery["page"]["kind"], string>> = {
  trigger: "Page",
  acknowledge: "Acknowledgement",
  resolve: "Resolution",
  summary: "Summary",
};
