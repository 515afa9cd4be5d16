import { z } from "zod";
import { isNetwork } from "./address-ranges.ts";
import { providerNames } from "./provider-list.ts";

const network = z
  .string()
  .refine((text) => isNetwork(text) || (providerNames as readonly string[]).includes(text), {
    error: `expected an address, a network in CIDR notation, or one of ${providerNames.join(", ")}`,
  })
  .meta({ examples: ["10.0.0.0/8"] });

const ownList = z
  .strictObject({
    file: z
      .string()
      .min(1)
      .meta({ description: "A list of one's own, one network a line", examples: ["proxies.txt"] }),
  })
  .meta({ examples: [{ file: "proxies.txt" }] });

/** `proxies:`: whose word about the client's address is believed. */
export const proxiesConfig = z
  .strictObject({
    trusted: z
      .array(z.union([network, ownList]))
      .max(10_000)
      .default([])
      .meta({
        description:
          "Our own hops before the gateway: addresses, networks, named providers, files; private networks are not trusted unless named", // prettier-ignore
        examples: [["10.0.0.0/8", "cloudflare", { file: "proxies.txt" }]],
      }),
    clientIpFrom: z
      .enum(["auto", "gateway", "forwarded"])
      .default("auto")
      .meta({
        description:
          "gateway: the address in the log is the client's; forwarded: walk X-Forwarded-For; auto: walk it only when the logged address is one of our own hops", // prettier-ignore
        examples: ["auto"],
      }),
    header: z
      .enum(["auto", "x-forwarded-for", "forwarded"])
      .default("auto")
      .meta({
        description:
          "The header that our own hops write; auto: whichever the log has, and no certainty where both contradict each other", // prettier-ignore
        examples: ["x-forwarded-for"],
      }),
    hops: z
      .int()
      .min(0)
      .max(32)
      .default(0)
      .meta({
        description:
          "For logs without any socket address: how many of our own hops write an entry; the client is the N-th from the right. 0: not known", // prettier-ignore
        examples: [1],
      }),
    everyRequestPassesHops: z
      .boolean()
      .default(false)
      .meta({
        description:
          "States that nobody can reach the gateway past these hops: only then is the N-th entry certain enough to block on", // prettier-ignore
        examples: [true],
      }),
    maxShare: z
      .union([z.number().gt(0).lte(1), z.literal("off")])
      .default(0.5)
      .meta({
        description:
          "When one address carries more than this share of all users, proxy trust is taken for misconfigured, and no address is blocked", // prettier-ignore
        examples: [0.5],
      }),
  })
  .prefault({})
  .meta({ description: "Trusted proxies", examples: [{ trusted: ["10.0.0.0/8"] }] });

export type ProxiesConfig = z.output<typeof proxiesConfig>;
