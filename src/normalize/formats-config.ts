import { z } from "zod";
import { cloudfrontFields, neededCloudfrontFields } from "./cloudfront-fields.ts";
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

const fieldMap = z
  .record(fieldName, mappedField)
  .refine((fields) => ["time", "method", "path", "status"].every((name) => name in fields), {
    error: "expected at least time, method, path and status",
  })
  .meta({
    description: "A JSON log: which field of the record each field of the event comes from",
    examples: [{ time: { path: "ts", unit: "s" }, method: "http.method", path: "http.path", status: "http.status" }],
  });

const cloudfrontList = z
  .array(z.enum(cloudfrontFields).meta({ description: "A field as CloudFront calls it", examples: ["c-ip"] }))
  .refine((fields) => neededCloudfrontFields.every((field) => fields.includes(field)), {
    error: `expected at least ${neededCloudfrontFields.join(", ")}`,
  })
  .refine((fields) => fields.every((field, i) => field === "other" || fields.indexOf(field) === i), {
    error: "expected each field once",
  })
  .meta({
    description: "CloudFront's real-time logs: their fields, in the order in which they arrive",
    examples: [["timestamp", "c-ip", "sc-status", "cs-method", "cs-uri-stem"]],
  });

const customFormat = z
  .strictObject({ fields: fieldMap.optional(), cloudfront: cloudfrontList.optional() })
  .refine(({ fields, cloudfront }) => (fields === undefined) !== (cloudfront === undefined), {
    error: "expected either `fields` or `cloudfront`",
  })
  .meta({
    description: "A log that has to be described: a JSON log of one's own, or CloudFront's real-time logs",
    examples: [{ fields: { time: "ts", method: "m", path: "p", status: "s" } }],
  });

/** `formats:`: logs that have to be described, by name. */
export const formatsConfig = z
  .record(z.string().regex(/^[a-z0-9][a-z0-9-]{0,63}$/), customFormat)
  .default({})
  .meta({
    description: "Formats that have to be described, by name",
    examples: [{ "shop-json": { fields: { time: "ts" } } }],
  });

export type FormatsConfig = z.output<typeof formatsConfig>;
export type CustomFormatConfig = z.output<typeof customFormat>;
export type FieldMapConfig = Required<Pick<CustomFormatConfig, "fields">>;
