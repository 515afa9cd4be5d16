import ipaddr from "ipaddr.js";
import { z } from "zod";

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

export type ProxiesConfig = z.output<typeof proxiesConfig>;
