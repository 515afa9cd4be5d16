import { z } from "zod";

const loopbackHosts = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/** A URL pages are posted to. Plain http would show incidents and secrets to the network. */
const channelUrl = (example: string, description: string) =>
  z
    .url({ error: "expected a URL" })
    .refine(isSafeUrl, { error: "expected an https:// URL (http:// only to a loopback address)" })
    .meta({ description, examples: [example] });

const mailAddress = z
  .string()
  .max(254)
  .regex(/^[^\s@<>,;:"()[\]\\]+@[^\s@<>,;:"()[\]\\]+$/, { error: "expected a plain mail address" });

const name = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,62}$/i, { error: "expected letters, digits and hyphens, at most 63" });

const slackChannel = z.strictObject({
  type: z.literal("slack"),
  url: channelUrl("${SLACK_URL}", "The incoming webhook's URL. It is a secret: whoever has it can post."),
});

const smtpConfig = z
  .strictObject({
    host: z
      .string()
      .min(1)
      .meta({ description: "The mail server.", examples: ["smtp.shop.example"] }),
    port: z
      .int()
      .min(1)
      .max(65_535)
      .default(587)
      .meta({ description: "Its port.", examples: [587] }),
    tls: z
      .enum(["none", "starttls", "tls"])
      .default("starttls")
      .meta({
        description: "`tls`: encrypted from the start. `starttls`: upgraded, and refused where that fails.",
        examples: ["starttls"],
      }),
    username: z
      .string()
      .min(1)
      .optional()
      .meta({ description: "Who signs in, if anyone.", examples: ["gatewatch"] }),
    password: z
      .string()
      .min(1)
      .optional()
      .meta({ description: "With the username.", examples: ["${SMTP_PASSWORD}"] }),
    ca: z
      .string()
      .includes("-----BEGIN CERTIFICATE-----", { error: "expected a certificate in PEM form" })
      .optional()
      .meta({
        description: "The authority that signed the server's certificate, as PEM.",
        examples: ["${SMTP_CA_FILE}"],
      }),
  })
  .refine((smtp) => (smtp.username === undefined) === (smtp.password === undefined), {
    error: "expected username and password together, or neither",
  })
  .refine((smtp) => smtp.tls !== "none" || smtp.password === undefined || loopbackHosts.test(smtp.host), {
    error: "expected starttls or tls: with none, the password would cross the network readable",
    path: ["tls"],
  });

const mailChannel = z.strictObject({
  type: z.literal("mail"),
  from: mailAddress.meta({ description: "The sender's address.", examples: ["gatewatch@shop.example"] }),
  to: z
    .array(mailAddress)
    .min(1)
    .max(50)
    .meta({ description: "Who gets the mail; at most 50.", examples: [["oncall@shop.example"]] }),
  smtp: smtpConfig.meta({
    description: "The server that takes the mail.",
    examples: [{ host: "smtp.shop.example", port: 587, tls: "starttls" }],
  }),
});

const pagerdutyChannel = z.strictObject({
  type: z.literal("pagerduty"),
  routingKey: z
    .string()
    .regex(/^[A-Za-z0-9]{32}$/, { error: "expected an Events API v2 integration key: 32 letters and digits" })
    .meta({ description: "The service's integration key (Events API v2).", examples: ["${PAGERDUTY_KEY}"] }),
  url: channelUrl("https://events.eu.pagerduty.com/v2/enqueue", "Where events are sent.").default(
    "https://events.pagerduty.com/v2/enqueue",
  ),
});

const webhookChannel = z.strictObject({
  type: z.literal("webhook"),
  url: channelUrl("https://hooks.shop.example/gw", "Where the signed request is posted."),
  secret: z
    .string()
    .refine(isWebhookSecret, { error: "expected whsec_ and 24 to 64 random bytes in base64" })
    .meta({
      description: "Signs each request (Standard Webhooks). One for each receiver.",
      examples: ["${HOOK_SECRET}"],
    }),
});

const outboxChannel = z.strictObject({ type: z.literal("outbox") });

/** `channels:`, by name. */
export const channelsConfig = z
  .record(
    name,
    z.discriminatedUnion("type", [slackChannel, mailChannel, pagerdutyChannel, webhookChannel, outboxChannel]),
  )
  .default({})
  .meta({
    description: "Ways to people, by name.",
    examples: [{ "oncall-pager": { type: "pagerduty", routingKey: "${PAGERDUTY_KEY}" } }],
  });

/** `pages:`. */
export const pagesConfig = z
  .strictObject({
    perTeamPerHour: z
      .int()
      .min(1)
      .max(1000)
      .default(5)
      .meta({ description: "A team gets so many pages in an hour, then one summary.", examples: [5] }),
  })
  .prefault({})
  .meta({ description: "How much people are paged.", examples: [{ perTeamPerHour: 5 }] });

export type ChannelsConfig = z.output<typeof channelsConfig>;
export type ChannelConfig = ChannelsConfig[string];
export type SlackChannel = z.output<typeof slackChannel>;
export type MailChannel = z.output<typeof mailChannel>;
export type PagerdutyChannel = z.output<typeof pagerdutyChannel>;
export type WebhookChannel = z.output<typeof webhookChannel>;

/** Where a team's pages go; the shape of an entry of `teams:`. */
export interface Team {
  readonly channels: readonly string[];
  readonly fallback: readonly string[];
}

// helpers

function isSafeUrl(text: string): boolean {
  const url = URL.parse(text);
  if (!url) return true; // already reported as no URL
  return url.protocol === "https:" || (url.protocol === "http:" && loopbackHosts.test(url.hostname));
}

function isWebhookSecret(secret: string): boolean {
  const match = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(secret);
  if (!match?.[1]) return false;
  const bytes = Buffer.from(match[1], "base64").length;
  return bytes >= 24 && bytes <= 64;
}
