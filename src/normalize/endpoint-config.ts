import { z } from "zod";
import { endpointClasses, outcomes } from "./access-event.ts";

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

// helpers

function restIsLast(route: string): boolean {
  const at = route.indexOf("...}");
  return at < 0 || at === route.length - 4;
}
