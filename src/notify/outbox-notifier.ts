import type { Notifier } from "./notifier.ts";

/** Sends nothing: the delivery's own row keeps what would have been sent, for the page and `/v1/deliveries`. */
export function createOutboxNotifier(options: { channel: string }): Notifier {
  return {
    channel: options.channel,
    type: "outbox",
    idempotent: true,
    send: (page) => Promise.resolve({ kind: "sent", reference: page.deliveryId }),
  };
}
