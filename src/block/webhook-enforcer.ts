import { Webhook } from "standardwebhooks";
import type { Clock } from "../clock.ts";
import type { Decision, Enforcer } from "./decision.ts";
import { EnforcerBusy } from "./enforcer-harness.ts";

/** So many requests at a time: a thousand blocks are withdrawn within a second. */
const concurrency = 20;

export interface WebhookEnforcerOptions {
  readonly name: string;
  readonly url: string;
  /** `whsec_` and the key in base64. */
  readonly secret: string;
  readonly clock: Clock;
  readonly fetch?: typeof fetch;
}

/**
 * Posts each block and each removal to a gateway, signed as Standard Webhooks 1.0.0 has it. The
 * `webhook-id` of a change stays the same on every retry, so that a receiver can drop repeats.
 */
export function createWebhookEnforcer(options: WebhookEnforcerOptions): Enforcer {
  const webhook = new Webhook(options.secret);
  const send = options.fetch ?? fetch;

  async function post({ type, decision, servingSince }: BlockEvent, signal: AbortSignal): Promise<void> {
    const change = type === "gatewatch.block.created" ? "created" : "removed";
    const id = `${change}_${decision.uuid}_${decision.version}_${servingSince}`;
    const sentAt = new Date(options.clock.now());
    const body = JSON.stringify({ type, timestamp: sentAt.toISOString(), data: dataOf(decision) });
    const response = await send(options.url, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        "webhook-id": id,
        "webhook-timestamp": String(Math.floor(sentAt.getTime() / 1000)),
        "webhook-signature": webhook.sign(id, sentAt, body),
      },
      body,
      // A receiver that was taken over must not send us on to an address of its choice.
      redirect: "manual",
      signal,
    });
    await response.body?.cancel();
    if (response.status >= 200 && response.status < 300) return;
    const afterMs = retryAfterMs(response.headers.get("retry-after"), options.clock);
    const message = `answered ${response.status || "with a redirect"}`;
    throw afterMs === undefined ? new Error(message) : new EnforcerBusy(message, afterMs);
  }

  return {
    name: options.name,
    type: "webhook",
    async apply({ added, ended, servingSince }, signal) {
      // Removals first: letting someone in is never late because of others being kept out.
      const events: BlockEvent[] = [
        ...ended.map((decision) => ({ type: "gatewatch.block.removed", decision, servingSince }) as const),
        ...added.map((decision) => ({ type: "gatewatch.block.created", decision, servingSince }) as const),
      ];
      for (let at = 0; at < events.length; at += concurrency) {
        await Promise.all(events.slice(at, at + concurrency).map((event) => post(event, signal)));
      }
    },
  };
}

// helpers

interface BlockEvent {
  readonly type: "gatewatch.block.created" | "gatewatch.block.removed";
  readonly decision: Decision;
  readonly servingSince: number;
}

function dataOf(decision: Decision) {
  return {
    id: decision.id,
    uuid: decision.uuid,
    version: decision.version,
    action: decision.action,
    target: { scope: decision.scope, value: decision.value },
    createdAt: new Date(decision.createdAt).toISOString(),
    until: new Date(decision.until).toISOString(),
    state: decision.state,
    origin: decision.origin,
    incident: decision.incident,
    runbook: decision.runbook,
    reason: decision.reason.slice(0, 1000),
    liftedBy: decision.liftedBy,
  };
}

function retryAfterMs(header: string | null, clock: Clock): number | undefined {
  if (header === null) return undefined;
  if (/^\d{1,6}$/.test(header)) return Number(header) * 1000;
  const at = Date.parse(header);
  return Number.isNaN(at) ? undefined : Math.max(0, at - clock.now());
}
