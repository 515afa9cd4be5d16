import ipaddr from "ipaddr.js";
import { z } from "zod";
import { endpointClasses, outcomes } from "./access-event.ts";
import { customFieldNames } from "./custom-fields.ts";

/** Units a time or a duration may be written in; `rfc3339` and `clf` are for times only. */
export const timeUnits = ["ms", "s", "us", "ns", "rfc3339", "clf"] as const;
export type TimeUnit = (typeof timeUnits)[number];

const fieldPath = z
  .string()
  .min(1)
  .max(200)
  .meta({ description: 'Where the field is in the record; dots go deeper, ["a.b"] is a key with a dot', examples: ["client.ip"] }); // prettier-ignore

const mappedField = z
  .union([
    fieldPath,
    z.strictObject({
      path: fieldPath,
      unit: z
        .enum(timeUnits)
        .optional()
        .meta({ description: "The unit it is written in", examples: ["s"] }),
      at: z
        .enum(["start", "end"])
        .default("end")
        .meta({ description: "For `time` only: whether it is when the request began or the answer ended", examples: ["start"] }), // prettier-ignore
    }),
  ])
  .meta({ description: "A path, or a path with its unit", examples: [{ path: "took", unit: "s" }] });

const fieldName = z
  .string()
  .refine((name) => name.startsWith("attributes.") || (customFieldNames as readonly string[]).includes(name), {
    error: `expected one of ${customFieldNames.join(", ")}, or attributes.NAME`,
  })
  .meta({ examples: ["clientIp"] });

const customFormat = z
  .strictObject({
    fields: z
      .record(fieldName, mappedField)
      .refine((fields) => ["time", "method", "path", "status"].every((name) => name in fields), {
        error: "expected at least time, method, path and status",
      })
      .meta({
        description: "Which field of the record each field of the event comes from",
        examples: [
          { time: { path: "ts", unit: "s" }, method: "http.method", path: "http.path", status: "http.status" },
        ],
      }),
  })
  .meta({
    description: "Our own JSON log",
    examples: [{ fields: { time: "ts", method: "m", path: "p", status: "s" } }],
  });

/** `formats:`: JSON logs of one's own, by a map of their fields. */
export const formatsConfig = z
  .record(z.string().regex(/^[a-z0-9][a-z0-9-]{0,63}$/), customFormat)
  .default({})
  .meta({ description: "Formats of one's own, by name", examples: [{ "shop-json": { fields: { time: "ts" } } }] });

const cidr = z
  .string()
  .refine((text) => ipaddr.isValid(text) || ipaddr.isValidCIDR(text), {
    error: "expected an address or a network in CIDR notation",
  })
  .meta({ examples: ["10.0.0.0/8"] });

/** `proxies:`: whose word about the client's address is believed. */
export const proxiesConfig = z
  .strictObject({
    trusted: z
      .array(cidr)
      .max(10_000)
      .default([])
      .meta({
        description: "Our own hops before the gateway; private networks are not trusted unless named",
        examples: [["10.0.0.0/8", "fd00::/8"]],
      }),
    clientIpFrom: z
      .enum(["auto", "gateway", "forwarded"])
      .default("auto")
      .meta({
        description:
          "gateway: the address in the log is the client's; forwarded: walk X-Forwarded-For; auto: walk it only when the logged address is one of our own hops", // prettier-ignore
        examples: ["auto"],
      }),
  })
  .prefault({})
  .meta({ description: "Trusted proxies", examples: [{ trusted: ["10.0.0.0/8"] }] });

const method = z
  .string()
  .regex(/^[A-Z]{2,16}$/, { error: "expected a method in capitals, or ANY" })
  .meta({ examples: ["POST"] });

const outcomeRule = z
  .strictObject({
    when: z
      .strictObject({
        status: z
          .array(z.int().min(0).max(999))
          .min(1)
          .optional()
          .meta({ description: "Any of these statuses", examples: [[200, 302]] }),
        attribute: z
          .record(z.string(), z.string())
          .optional()
          .meta({ description: "All of these attributes have these values", examples: [{ loginResult: "failed" }] }),
      })
      .refine((when) => when.status !== undefined || when.attribute !== undefined, {
        error: "expected `status`, `attribute`, or both",
      })
      .meta({ description: "When the rule holds", examples: [{ status: [200] }] }),
    is: z.enum(outcomes).meta({ description: "The outcome then", examples: ["failed"] }),
  })
  .meta({ description: "How to tell the outcome", examples: [{ when: { status: [200] }, is: "ok" }] });

const endpoint = z
  .strictObject({
    method: z
      .union([method, z.array(method).min(1)])
      .meta({ description: "One method, several, or ANY", examples: ["POST", ["POST", "PUT"]] }),
    route: z
      .string()
      .max(512)
      .regex(/^\/(?:[^?#\s]*)$/, { error: "expected a path that begins with / and has no query" })
      .refine(restIsLast, { error: "expected {rest...} as the last segment only" })
      .meta({ description: "{name} stands for one segment, {rest...} for the rest", examples: ["/api/orders/{id}"] }),
    operation: z
      .string()
      .min(1)
      .max(256)
      .optional()
      .meta({ description: "Only requests of this GraphQL operation", examples: ["Login"] }),
    class: z.enum(endpointClasses).meta({ description: "What the endpoint is for", examples: ["login"] }),
    owner: z
      .string()
      .min(1)
      .max(128)
      .optional()
      .meta({ description: "The team that owns it", examples: ["identity"] }),
    authentication: z
      .enum(["none", "optional", "required"])
      .default("optional")
      .meta({ description: "Whether it needs a signed-in user", examples: ["required"] }),
    outcome: z
      .array(outcomeRule)
      .max(32)
      .default([])
      .meta({
        description: "How to tell the outcome; the first rule that holds wins, else the status decides",
        examples: [[{ when: { status: [200], attribute: { loginResult: "failed" } }, is: "failed" }]],
      }),
    sensitive: z
      .array(z.string().min(1).max(128))
      .default([])
      .meta({ description: "Parameters that an attacker would like to change", examples: [["price"]] }),
    owasp: z
      .array(z.string().regex(/^API\d{1,2}:20\d\d$/, { error: "expected a risk of the OWASP API list" }))
      .default([])
      .meta({ description: "OWASP API risks it is prone to", examples: [["API2:2023"]] }),
  })
  .meta({ description: "One endpoint", examples: [{ method: "POST", route: "/api/login", class: "login" }] });

/** One entry of the endpoint inventory. */
export type EndpointConfig = z.output<typeof endpoint>;

/** `endpoints:`: the inventory. */
export const endpointsConfig = z
  .array(endpoint)
  .max(20_000)
  .default([])
  .meta({
    description: "The endpoint inventory",
    examples: [[{ method: "POST", route: "/api/login", class: "login" }]],
  });

/** `geo:`: where country and coordinates come from when the log has none. */
export const geoConfig = z
  .strictObject({
    database: z
      .string()
      .min(1)
      .default("default")
      .meta({ description: "default (the installed free database), none, or a .mmdb file", examples: ["default"] }),
  })
  .prefault({})
  .meta({ description: "Country and coordinates of addresses", examples: [{ database: "default" }] });

/** `privacy:`: whether users are stored by name. */
export const privacyConfig = z
  .strictObject({
    pseudonymKey: z
      .string()
      .min(16, { error: "expected a secret of at least 16 characters" })
      .optional()
      .meta({ description: "User ids are stored as hashes with this key", examples: ["${PSEUDONYM_KEY}"] }),
  })
  .prefault({})
  .meta({ description: "Privacy", examples: [{ pseudonymKey: "${PSEUDONYM_KEY}" }] });

/** `redact:`: what else must never be stored. */
export const redactConfig = z
  .strictObject({
    parameters: z
      .array(z.string().min(1).max(128))
      .max(1000)
      .default([])
      .meta({ description: "More names whose values are always cut", examples: [["voucher_secret"]] }),
  })
  .prefault({})
  .meta({ description: "Redaction", examples: [{ parameters: ["voucher_secret"] }] });

export type FormatsConfig = z.output<typeof formatsConfig>;
export type CustomFormatConfig = z.output<typeof customFormat>;
export type ProxiesConfig = z.output<typeof proxiesConfig>;
export type GeoConfig = z.output<typeof geoConfig>;
export type PrivacyConfig = z.output<typeof privacyConfig>;
export type RedactConfig = z.output<typeof redactConfig>;

// helpers

function restIsLast(route: string): boolean {
  const at = route.indexOf("...}");
  return at < 0 || at === route.length - 4;
}
