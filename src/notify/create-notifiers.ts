import type { Clock } from "../clock.ts";
import { createMailNotifier } from "./mail-notifier.ts";
import type { Notifier } from "./notifier.ts";
import type { ChannelConfig, ChannelsConfig } from "./notify-config.ts";
import { createOutboxNotifier } from "./outbox-notifier.ts";
import { createPagerdutyNotifier } from "./pagerduty-notifier.ts";
import { createSlackNotifier } from "./slack-notifier.ts";
import { createWebhookNotifier } from "./webhook-notifier.ts";

/** One notifier for each configured channel, by name. Nothing is connected until the first send. */
export function createNotifiers(channels: ChannelsConfig, clock: Clock): ReadonlyMap<string, Notifier> {
  return new Map(Object.entries(channels).map(([channel, config]) => [channel, create(channel, config, clock)]));
}

// helpers

function create(channel: string, config: ChannelConfig, clock: Clock): Notifier {
  switch (config.type) {
    case "slack":
      return createSlackNotifier({ channel, config, clock });
    case "mail":
      return createMailNotifier({ channel, config });
    case "pagerduty":
      return createPagerdutyNotifier({ channel, config, clock });
    case "webhook":
      return createWebhookNotifier({ channel, config, clock });
    default:
      return createOutboxNotifier({ channel });
  }
}
