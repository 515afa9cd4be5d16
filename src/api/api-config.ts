import { z } from "zod";
import { listenAddress } from "./listen-address.ts";

/** Who a token speaks for. `viewer` < `responder` < `admin`; `gateway` may only ask and hand in logs. */
export const roles = ["viewer", "responder", "admin", "gateway"] as const;
export type Role = (typeof roles)[number];

const token = z.strictObject({
  name: z
    .string()
    .min(1)
    .max(64)
    .meta({ description: "Whom timelines name when this token is used", examples: ["alice"] }),
  role: z.enum(roles).meta({
    description:
      "viewer reads; responder also acknowledges, lifts and silences; admin may do all; gateway: /v1/check and /v1/logs",
    examples: ["responder"],
  }),
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/i, { error: "expected the SHA-256 of the token, 64 hex digits" })
    .meta({
      description: "SHA-256 of the token, so that the configuration holds no secret",
      examples: ["9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"],
    })
    .transform((hex) => hex.toLowerCase()),
});

const headerName = (example: string) =>
  z
    .string()
    .regex(/^[A-Za-z0-9-]{1,64}$/, { error: "expected the name of an HTTP header" })
    .meta({ examples: [example] })
    .transform((name) => name.toLowerCase());

/** The `api` section of the configuration. */
export const apiConfig = z
  .strictObject({
    listen: listenAddress.prefault("127.0.0.1:8080").meta({
      description: "Where the API and the console listen; without tokens a loopback address",
      examples: ["127.0.0.1:8080"],
    }),
    tokens: z
      .array(token)
      .max(200)
      .refine((list) => new Set(list.map((item) => item.name)).size === list.length, {
        error: "expected each name once",
      })
      .default([])
      .meta({
        description: "Who may use the API; none: everyone on this machine",
        examples: [
          [
            {
              name: "alice",
              role: "responder",
              sha256: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
            },
          ],
        ],
      }),
    allowedHosts: z
      .array(z.string().regex(/^[A-Za-z0-9.:[\]-]{1,253}$/, { error: "expected a host name, without a port" }))
      .max(50)
      .default([])
      .meta({
        description: "More names a browser may use for this API, beside those of loopback",
        examples: [["gatewatch.shop.example"]],
      }),
    check: z
      .strictObject({
        userHeader: headerName("x-gatewatch-user")
          .prefault("x-gatewatch-user")
          .meta({
            description: "Header in which the gateway itself names the user on /v1/check",
            examples: ["x-gatewatch-user"],
          }),
        keyHeader: headerName("x-gatewatch-key")
          .prefault("x-gatewatch-key")
          .meta({
            description: "Header in which the gateway itself names the API key on /v1/check",
            examples: ["x-gatewatch-key"],
          }),
      })
      .prefault({})
      .meta({
        description: "What a gateway tells on /v1/check",
        examples: [{ userHeader: "x-gatewatch-user", keyHeader: "x-gatewatch-key" }],
      }),
  })
  .prefault({})
  .meta({ description: "The HTTP API and the console", examples: [{ listen: "127.0.0.1:8080" }] });

export type ApiConfig = z.output<typeof apiConfig>;
