import { z } from "zod";
import type { Clock } from "../clock.ts";
import type { Severity } from "../detect/detection.ts";
import { plainText } from "../incident/plain-text.ts";
import { failedAnswer, failedRequest, postJson, type HttpAnswer } from "./http-post.ts";
import type { Notifier, Page, SendResult } from "./notifier.ts";
import type { PagerdutyChannel } from "./notify-config.ts";

/** Sends events to PagerDuty (Events API v2). Its `dedup_key` makes a second send harmless. */
export function createPagerdutyNotifier(options: {
  channel: string;
  config: PagerdutyChannel;
  clock: Clock;
}): Notifier {
  const { channel, config, clock } = options;
  return {
    channel,
    type: "pagerduty",
    idempotent: true,
    async send(page, signal): Promise<SendResult> {
      const body = JSON.stringify(pagerdutyEvent(page, config.routingKey));
      try {
        return judged(await postJson(config.url, { body, signal, now: clock.now() }));
      } catch (error) {
        return failedRequest(error, signal);
      }
    },
  };
}

/** A page as an event: a trigger, or an acknowledgement or resolution of the same alert. */
export function pagerdutyEvent(page: Page, routingKey: string): object {
  const event = { routing_key: routingKey, event_action: actions[page.kind], dedup_key: page.incidentId.slice(0, 255) };
  if (event.event_action !== "trigger") return event;
  const links = [{ href: page.incidentUrl, text: "Incident" }];
  if (page.kind === "trigger") links.push({ href: page.runbookUrl, text: "Runbook" });
  return {
    ...event,
    payload: {
      summary: plainText(`${page.title}: ${page.summary}`, 1024),
      source: plainText(page.service, 255) || "gatewatch",
      severity: severities[page.severity],
      timestamp: new Date(page.at ?? page.openedAt).toISOString(),
      component: "api-gateway",
      group: plainText(page.team, 255),
      custom_details: {
        facts: Object.fromEntries(
          page.facts.slice(0, 10).map(([name, value]) => [plainText(name, 60), plainText(value, 200)]),
        ),
        evidence: page.evidence.slice(0, 5).map((line) => plainText(line, 400)),
        steps: page.steps.slice(0, 6).map((line) => plainText(line, 300)),
        opened_at: new Date(page.openedAt).toISOString(),
      },
    },
    client: "gatewatch",
    client_url: page.incidentUrl,
    links,
  };
}

// helpers

const actions = { trigger: "trigger", summary: "trigger", acknowledge: "acknowledge", resolve: "resolve" } as const;

const severities = {
  critical: "critical",
  high: "error",
  medium: "warning",
  low: "info",
} as const satisfies Record<Severity, string>;

const accepted = z.object({ status: z.literal("success"), dedup_key: z.string().optional() });

/** Only 202 with its JSON means that PagerDuty has it; any other success may be a proxy's. */
function judged(answer: HttpAnswer): SendResult {
  if (answer.status < 200 || answer.status >= 300) return failedAnswer(answer);
  const body = answer.status === 202 ? accepted.safeParse(parsed(answer.body)) : undefined;
  if (body?.success) return { kind: "sent", reference: body.data.dedup_key };
  const detail = `expected 202 and status success, got ${answer.status}`;
  return { kind: "retry", reason: "server_error", detail, afterMs: answer.retryAfterMs };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // no JSON is an answer too, and not PagerDuty's
  }
}
