import { Webhook } from "standardwebhooks";
import type { Clock } from "../clock.ts";
import { plainText } from "../incident/plain-text.ts";
import { failedAnswer, failedRequest, postJson } from "./http-post.ts";
import type { Notifier, Page, SendResult } from "./notifier.ts";
import type { WebhookChannel } from "./notify-config.ts";

/** Standard Webhooks asks for bodies of less than 20 kB. */
const maxBodyBytes = 20_000;

/** Posts a signed request (Standard Webhooks). `webhook-id` is the delivery's id on every repeat. */
export function createWebhookNotifier(options: { channel: string; config: WebhookChannel; clock: Clock }): Notifier {
  const { channel, config, clock } = options;
  const signer = new Webhook(config.secret);
  return {
    channel,
    type: "webhook",
    idempotent: true,
    async send(page, signal): Promise<SendResult> {
      const now = clock.now();
      const body = webhookBody(page);
      const headers = {
        "webhook-id": page.deliveryId,
        "webhook-timestamp": String(Math.floor(now / 1000)),
        "webhook-signature": signer.sign(page.deliveryId, new Date(now), body),
      };
      try {
        const answer = await postJson(config.url, { body, headers, signal, now });
        const isTaken = answer.status >= 200 && answer.status < 300;
        return isTaken ? { kind: "sent", reference: undefined } : failedAnswer(answer);
      } catch (error) {
        return failedRequest(error, signal);
      }
    },
  };
}

/** A page as `{ type, timestamp, data }`; the same text on every repeat, and always less than 20 kB. */
export function webhookBody(page: Page): string {
  for (const limit of [1000, 300, 100]) {
    const body = JSON.stringify(webhookEvent(page, limit));
    if (Buffer.byteLength(body) < maxBodyBytes) return body;
  }
  return JSON.stringify(webhookEvent({ ...page, facts: [], evidence: [], steps: [] }, 100));
}

// helpers

const names = { trigger: "opened", acknowledge: "acknowledged", resolve: "resolved", summary: "summary" } as const;

function webhookEvent(page: Page, limit: number): object {
  const line = (text: string) => plainText(text, limit);
  return {
    type: `gatewatch.incident.${names[page.kind]}`,
    timestamp: new Date(page.at ?? page.openedAt).toISOString(),
    data: {
      incident: {
        id: page.incidentId,
        title: line(page.title),
        severity: page.severity,
        state: line(page.state),
        summary: line(page.summary),
        openedAt: new Date(page.openedAt).toISOString(),
        team: line(page.team),
        url: page.incidentUrl,
        runbookUrl: page.runbookUrl,
      },
      service: line(page.service),
      facts: page.facts.slice(0, 10).map(([name, value]) => ({ name: plainText(name, 60), value: line(value) })),
      evidence: page.evidence.slice(0, 5).map(line),
      steps: page.steps.slice(0, 6).map(line),
    },
  };
}
