import { z } from "zod";

const geoFile = z.string().min(1);

/** `geo:`: where country, coordinates and network come from when the log has none. */
export const geoConfig = z
  .strictObject({
    database: z
      .union([
        geoFile,
        z
          .array(geoFile.refine((entry) => entry !== "none", { error: "none can't be one of several" }))
          .min(1)
          .max(8),
      ])
      .default("default")
      .meta({
        description:
          "default (the installed free databases), none, a .mmdb file, or a list of files and default: of each field counts what the first says that knows it",
        examples: ["default", ["/var/lib/GeoIP/GeoLite2-City.mmdb", "/var/lib/GeoIP/GeoLite2-ASN.mmdb"]],
      }),
  })
  .prefault({})
  .meta({ description: "Country, coordinates and network of addresses", examples: [{ database: "default" }] });

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

export type GeoConfig = z.output<typeof geoConfig>;
export type PrivacyConfig = z.output<typeof privacyConfig>;
export type RedactConfig = z.output<typeof redactConfig>;
