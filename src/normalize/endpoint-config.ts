import { z } from "zod";
import { endpointClasses } from "./access-event.ts";
import { outcomeRule } from "./outcome-rule.ts";
import { parseRoute } from "./route-pattern.ts";

const method = z
  .string()
  .regex(/^[A-Z]{2,16}$/, { error: "expected a method in capitals, or ANY" })
  .meta({ examples: ["POST"] });

const endpoint = z
  .strictObject({
    method: z
      .union([method, z.array(method).min(1)])
      .meta({ description: "One method, several, or ANY", examples: ["POST", ["POST", "PUT"]] }),
    route: z
      .string()
      .max(512)
      .regex(/^\/(?:[^?#\s]*)$/, { error: "expected a path that begins with / and has no query" })
      .superRefine((route, context) => {
        const parsed = parseRoute(route);
        if ("problem" in parsed) context.addIssue({ code: "custom", message: parsed.problem });
      })
      .meta({
        description: "{name} stands for a segment or part of one, {rest...} for the rest",
        examples: ["/api/orders/{id}"],
      }),
    operation: z
      .string()
      .min(1)
      .max(256)
      .optional()
      .meta({ description: "Only requests of this GraphQL operation", examples: ["Login"] }),
    query: z
      .record(z.string().min(1).max(128), z.string().max(256))
      .refine((query) => Object.keys(query).length <= 8, { error: "expected at most 8 names" })
      .refine((query) => Object.keys(query).length > 0, { error: "expected at least one name" })
      .optional()
      .meta({
        description: "Only requests with these values in the query; they are compared, never stored",
        examples: [{ "wc-ajax": "checkout" }],
      }),
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
    attempts: z
      .enum(["gateway", "shop"])
      .default("gateway")
      .meta({ description: "Whether its attempts are counted from requests or from shop events", examples: ["shop"] }),
    sensitive: z
      .array(z.string().min(1).max(128))
      .default([])
      .meta({ description: "Parameters that an attacker would like to change", examples: [["price"]] }),
    owasp: z
      .array(z.string().regex(/^API\d{1,2}:20\d\d$/, { error: "expected a risk of the OWASP API list" }))
      .default([])
      .meta({ description: "OWASP API risks it is prone to", examples: [["API2:2023"]] }),
    deprecated: z
      .boolean()
      .default(false)
      .meta({ description: "True: it is to go, and should no longer be used", examples: [true] }),
  })
  .refine(({ attempts, outcome }) => attempts === "gateway" || outcome.length === 0, {
    path: ["outcome"],
    error: "expected no rules with `attempts: shop`: the shop events tell the outcome",
  })
  .meta({ description: "One endpoint", examples: [{ method: "POST", route: "/api/login", class: "login" }] });

/** One entry of the endpoint inventory. */
export type EndpointConfig = z.output<typeof endpoint>;

/** More endpoints than any shop has; the route table has room for as many. */
export const maxInventory = 20_000;

/** `endpoints:`: the inventory. */
export const endpointsConfig = z
  .array(endpoint)
  .max(maxInventory)
  .default([])
  .meta({
    description: "The endpoint inventory",
    examples: [[{ method: "POST", route: "/api/login", class: "login" }]],
  });

/** `endpointFiles:`: the inventory in files of its own. */
export const endpointFilesConfig = z
  .array(z.string().min(1))
  .max(64)
  .default([])
  .meta({
    description: "Files with more `endpoints:`, such as `gatewatch endpoints import` prints",
    examples: [["./endpoints.yaml"]],
  });
