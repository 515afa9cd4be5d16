import { createHash } from "node:crypto";
import { z } from "zod";
import { parseNetwork } from "./address.ts";

const network = z
  .string()
  .refine((text) => parseNetwork(text) !== undefined, { error: "expected an address or a CIDR range" });

const anAsNumber = /^AS\d{1,10}$/;

const allowConfig = z
  .strictObject({
    addresses: z
      .array(network)
      .max(10_000)
      .default([])
      .meta({ description: "Addresses and ranges that are never blocked.", examples: [["192.0.2.10", "198.51.100.0/24"]] }), // prettier-ignore
    networks: z
      .array(z.string().refine(isNetworkOrAs, { error: "expected a CIDR range or a network's number, as in AS64500" }))
      .max(10_000)
      .default([])
      .meta({
        description: "Whole networks, by range or by number, that are never blocked. A number needs a geo database.",
        examples: [["AS64500", "2001:db8::/32"]],
      }),
    users: z
      .array(z.string().min(1).max(256))
      .max(10_000)
      .default([])
      .meta({ description: "User ids, as the log has them, that are never blocked.", examples: [["health-check"]] }),
    apiKeys: z
      .array(z.string().min(1).max(256))
      .max(10_000)
      .default([])
      .meta({ description: "API keys, as the log has them, that are never blocked.", examples: [["partner-7"]] }),
  })
  .prefault({})
  .meta({
    description: "Whom nothing may block: staff, monitoring, partners.",
    examples: [{ addresses: ["192.0.2.10"], users: ["health-check"] }],
  });

const guardConfig = z
  .strictObject({
    maxUsersBehindAddress: z
      .int()
      .min(0)
      .max(100_000)
      .default(5)
      .meta({ description: "More users than this signed in from an address within a day: it is shared, and not banned.", examples: [5] }), // prettier-ignore
    maxShareOfClients: z
      .number()
      .min(0)
      .max(1)
      .default(0.005)
      .meta({
        description: "The share of the clients active in the last ten minutes that may be blocked in ten minutes.",
        examples: [0.005],
      }),
    minClients: z
      .int()
      .min(0)
      .max(100_000)
      .default(20)
      .meta({ description: "So many clients may be blocked in ten minutes, however small their share allows.", examples: [20] }), // prettier-ignore
    maxDecisionsPerMinute: z
      .int()
      .min(1)
      .max(100_000)
      .default(60)
      .meta({ description: "More new decisions than this in a minute wait for a person.", examples: [60] }),
  })
  .prefault({})
  .meta({ description: "Bounds on what may be blocked without a person.", examples: [{ maxDecisionsPerMinute: 60 }] });

/** `block:`. */
export const blockConfig = z
  .strictObject({
    mode: z
      .enum(["observe", "enforce"])
      .default("observe")
      .meta({ description: "observe: decisions are listed, and served to nobody.", examples: ["enforce"] }),
    allow: allowConfig,
    guard: guardConfig,
  })
  .prefault({})
  .meta({ description: "Whether and whom to block.", examples: [{ mode: "enforce" }] });

const webhookGateway = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,62}$/i, { error: "expected letters, digits and hyphens, at most 63" })
    .meta({ description: "What this gateway is called in metrics and messages.", examples: ["edge-hook"] }),
  type: z.literal("webhook").meta({ description: "How decisions reach it.", examples: ["webhook"] }),
  url: z
    .url({ protocol: /^https?$/, error: "expected an http:// or https:// URL" })
    .meta({ description: "Where signed requests are posted.", examples: ["https://gw.shop.example/blocks"] }),
  secret: z
    .string()
    .refine(isWebhookSecret, { error: "expected whsec_ and 24 to 64 random bytes in base64" })
    .meta({ description: "Signs each request (Standard Webhooks).", examples: ["${GATEWAY_SECRET}"] }),
});

/** `gateways:`: those that decisions are pushed to. */
export const gatewaysConfig = z
  .array(webhookGateway)
  .max(50)
  .refine((list) => new Set(list.map((item) => item.name)).size === list.length, { error: "expected each name once" })
  .default([])
  .meta({
    description: "Gateways that decisions are pushed to.",
    examples: [
      [{ name: "edge-hook", type: "webhook", url: "https://gw.shop.example/blocks", secret: "${GATEWAY_SECRET}" }],
    ],
  });

const bouncerKey = z
  .strictObject({
    name: z
      .string()
      .min(1)
      .max(64)
      .meta({ description: "Which bouncer uses this key.", examples: ["nginx"] }),
    sha256: z
      .string()
      .regex(/^[0-9a-f]{64}$/i, { error: "expected the SHA-256 of the key, 64 hex digits" })
      .optional()
      .meta({
        description: "SHA-256 of the key, so that the configuration holds no secret.",
        examples: ["9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"],
      }),
    key: z
      .string()
      .min(16, { error: "expected at least 16 characters" })
      .max(256)
      .optional()
      .meta({ description: "The key itself, instead of its hash.", examples: ["${BOUNCER_KEY}"] }),
  })
  .refine(({ sha256, key }) => (sha256 === undefined) !== (key === undefined), {
    error: "expected either sha256 or key",
  })
  .transform(({ name, sha256, key }) => ({ name, sha256: (sha256 ?? hashOf(key ?? "")).toLowerCase() }));

/** `crowdsec:`: the listener that CrowdSec bouncers ask. Absent: there is none. */
export const crowdsecConfig = z
  .strictObject({
    listen: z
      .string()
      .regex(/^(\[[0-9a-f:.]+\]|[0-9.]+|localhost):\d{1,5}$/i, { error: "expected an address and a port" })
      .transform(hostAndPort)
      .prefault("127.0.0.1:8081")
      .meta({ description: "Where bouncers ask; its own port.", examples: ["127.0.0.1:8081"] }),
    keys: z
      .array(bouncerKey)
      .min(1, { error: "expected at least one key" })
      .max(200)
      .refine((list) => new Set(list.map((item) => item.name)).size === list.length, {
        error: "expected each name once",
      })
      .meta({ description: "The bouncers' API keys.", examples: [[{ name: "nginx", key: "${BOUNCER_KEY}" }]] }),
    types: z
      .array(z.enum(["ban", "captcha", "throttle"]))
      .min(1)
      .default(["ban", "captcha"])
      .meta({
        description: "Which actions bouncers are told. Most know no throttle, and fall back to a ban.",
        examples: [["ban", "captcha"]],
      }),
  })
  .optional()
  .meta({
    description: "The listener for CrowdSec bouncers.",
    examples: [{ listen: "127.0.0.1:8081", keys: [{ name: "nginx", key: "${BOUNCER_KEY}" }] }],
  });

export type BlockConfig = z.output<typeof blockConfig>;
export type GatewaysConfig = z.output<typeof gatewaysConfig>;
export type CrowdsecConfig = NonNullable<z.output<typeof crowdsecConfig>>;

// helpers

function isNetworkOrAs(text: string): boolean {
  return anAsNumber.test(text) || parseNetwork(text) !== undefined;
}

function hostAndPort(text: string): { readonly host: string; readonly port: number } {
  const colon = text.lastIndexOf(":");
  return { host: text.slice(0, colon).replace(/^\[|\]$/g, ""), port: Number(text.slice(colon + 1)) };
}

function isWebhookSecret(secret: string): boolean {
  const match = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(secret);
  if (!match?.[1]) return false;
  const bytes = Buffer.from(match[1], "base64").length;
  return bytes >= 24 && bytes <= 64;
}

function hashOf(key: string): string {
  return createHash("sha256").update(key).digest("hex");
}
