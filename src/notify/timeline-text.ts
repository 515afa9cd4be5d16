import type { IncidentEvent } from "../incident/incident.ts";
import type { Delivery } from "./notifier.ts";

/** A line for an incident's timeline, as the outbox writes it. */
export interface PagerEvent extends Pick<IncidentEvent, "by" | "text" | "time"> {
  readonly kind: "paged" | "page_failed" | "page_suppressed";
}

/** What the timeline says of a delivery that ended; `undefined` when that is not worth a line. */
export function deliveryLine(
  delivery: Delivery,
  handedTo: Delivery | undefined,
): Pick<PagerEvent, "kind" | "text"> | undefined {
  const { channel, lastError = "no reason known" } = delivery;
  const what = names[delivery.page.kind];
  switch (delivery.state) {
    case "sent":
      return { kind: "paged", text: `${what} sent to ${channel}${delivery.repeated ? ", a second time" : ""}` };
    case "handed_over":
      return { kind: "page_failed", text: `${what} to ${channel} failed (${lastError}); ${handedTo?.channel} gets it` };
    case "failed":
      return { kind: "page_failed", text: `${what} to ${channel} failed (${lastError}); nobody else is left to tell` };
    case "unknown":
      return { kind: "page_failed", text: `${what} to ${channel} may have arrived; it is not sent again` };
    case "cancelled":
      // A follow-up to a page that never arrived is nobody's loss.
      if (delivery.page.kind !== "trigger") return undefined;
      return { kind: "page_suppressed", text: `${what} to ${channel} dropped: it was over before it was sent` };
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
