import { z } from "zod";
import { outcomes } from "./access-event.ts";

const plain = z.union([z.string().max(256), z.number(), z.boolean()]);

const valueTest = z
  .union([
    plain,
    z.array(plain).min(1).max(64),
    z
      .strictObject({
        present: z
          .boolean()
          .optional()
          .meta({ description: "Whether the event has it at all", examples: [true] }),
        startsWith: z
          .string()
          .min(1)
          .max(256)
          .optional()
          .meta({ description: "How it begins", examples: ["/login"] }),
        contains: z
          .string()
          .min(1)
          .max(256)
          .optional()
          .meta({ description: "What stands in it", examples: ["INVALID_"] }),
        min: z
          .number()
          .optional()
          .meta({ description: "A number, at least this", examples: [1] }),
        max: z
          .number()
          .optional()
          .meta({ description: "A number, at most this", examples: [99] }),
      })
      .refine((test) => Object.values(test).some((value) => value !== undefined), {
        error: "expected present, startsWith, contains, min or max",
      }),
  ])
  .meta({
    description: "One value, any of several, or what the value is like",
    examples: ["failed", ["expired", "unknown_code"], { startsWith: "/login" }],
  });

/** What an attribute's value is held to. */
export type ValueTest = z.output<typeof valueTest>;

/** One rule of an endpoint's `outcome:`. */
export const outcomeRule = z
  .strictObject({
    when: z
      .strictObject({
        status: z
          .array(z.int().min(0).max(999))
          .min(1)
          .optional()
          .meta({ description: "Any of these statuses", examples: [[200, 302]] }),
        answeredBy: z
          .enum(["gateway", "upstream"])
          .optional()
          .meta({ description: "Who answered, where the log tells", examples: ["upstream"] }),
        attribute: z
          .record(z.string(), valueTest)
          .optional()
          .meta({
            description: "All of these attributes pass: what the log has under `attributes`, response headers too",
            examples: [{ loginResult: "failed" }],
          }),
      })
      .refine((when) => Object.values(when).some((value) => value !== undefined), {
        error: "expected `status`, `answeredBy` or `attribute`",
      })
      .meta({ description: "When the rule holds", examples: [{ status: [200] }] }),
    is: z.enum(outcomes).meta({ description: "The outcome then", examples: ["failed"] }),
  })
  .meta({ description: "How to tell the outcome", examples: [{ when: { status: [200] }, is: "ok" }] });

/** How to tell an endpoint's outcome; the first rule that holds wins. */
export type OutcomeRule = z.output<typeof outcomeRule>;
