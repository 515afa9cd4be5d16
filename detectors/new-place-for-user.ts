import { z } from "zod";
import { defineDetector, type Duration, isOk, last } from "../src/detect/define-detector.ts";
import { addressNumber, isShared } from "../src/detect/shared-address.ts";
import { newPlaces } from "../src/detect/sign-ins-of-user.ts";

const firefox = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:142.0) Gecko/20100101 Firefox/142.0";

export default defineDetector({
  id: "new-place-for-user",
  title: "A user signs in from a new country, with a new program",
  description:
    "Remembers the countries, networks and programs that each user signed in from for 90 days, and tells when a sign-in succeeds from a country that is new, with a program that is new as well. A traveller takes the telephone along; who buys a password does not. Where the log has no user agents, a new country and network have to do. It says nothing of users it doesn't know yet, and a thief in the same country is not seen. The large VPNs, Private Relay and satellites are no country, nor is an IPv4 address from which more users than a household succeeded within a day; other VPNs, and new telephones on holiday, look the same, so it is shown and never blocks.",
  owasp: ["API2:2023"],
  severity: "low",
  needs: { required: ["userId", "country", "outcome"], better: ["asn", "userAgent"] },
  where: { endpointClass: ["login"], attempt: true },
  key: ["userId"],
  window: "30m",
  onChange: false,
  params: z.strictObject({
    known: z
      .int()
      .min(1)
      .max(16)
      .default(1)
      .meta({ description: "So many countries of the user have to be known before another one is new." }),
  }),
  counters: { ...newPlaces, from: last(1, (e) => [addressNumber(e.clientKey)], isOk) },
  evidence: isOk,
  shows: () => ["countries", "networks", "programs"],
  fires: ({ countries, networks, programs, from }, p, context) => {
    if (countries.new === 0 || countries.known < p.known) return false;
    if (from.some(({ values }) => isShared(values[0]!, context))) return false;
    const tellsPrograms = programs.new + programs.known > 0;
    return tellsPrograms ? programs.new > 0 && programs.known > 0 : networks.new > 0 && networks.known > 0;
  },
  summary: ({ countries, programs }, key) =>
    `User ${key["userId"]} signed in from a country not seen in 90 days` +
    (programs.new > 0 ? ", with a program that is new as well" : "") +
    ` (known: ${countries.known} ${countries.known === 1 ? "country" : "countries"})`,
  target: () => undefined,
  examples: [
    {
      name: "from Brazil, with a browser that the user never had",
      fires: true,
      events: [
        signIn("0s", { country: "DE", asn: 3320, userAgent: firefox }),
        signIn("2d", { country: "BR", asn: 28_573, userAgent: "python-requests/2.32" }),
      ],
    },
    {
      name: "the log has no user agents: a new country and network",
      fires: true,
      events: [
        signIn("0s", { country: "DE", asn: 3320, userAgent: undefined }),
        signIn("2d", { country: "BR", asn: 28_573, userAgent: undefined }),
      ],
    },
    {
      name: "through a VPN that is known as one",
      fires: false,
      events: [
        signIn("0s", { country: "DE", asn: 3320, userAgent: firefox }),
        signIn("2d", { country: "SE", asn: 39_351, userAgent: "ShopApp/5.0 (iPhone)" }),
      ],
    },
    {
      name: "out of an address that many others use, too",
      fires: false,
      events: [
        signIn("0s", { country: "DE", asn: 3320, userAgent: firefox }),
        ...Array.from({ length: 8 }, (_, i) => ({
          ...signIn("1h", { country: "SE", asn: 64_500, userAgent: firefox }),
          userId: `other-${i}`,
        })),
        signIn("2h", { country: "SE", asn: 64_500, userAgent: "ShopApp/5.0 (iPhone)" }),
      ],
    },
    {
      name: "on holiday with the same telephone",
      fires: false,
      events: [
        signIn("0s", { country: "DE", asn: 3320, userAgent: firefox }),
        signIn("2d", { country: "ES", asn: 3352, userAgent: firefox }),
      ],
    },
    {
      name: "on holiday, and the browser was renewed on the way",
      fires: false,
      events: [
        signIn("0s", { country: "DE", asn: 3320, userAgent: firefox }),
        signIn("2d", { country: "ES", asn: 3352, userAgent: firefox.replaceAll("142", "143") }),
      ],
    },
    {
      name: "a new telephone at home",
      fires: false,
      events: [
        signIn("0s", { country: "DE", asn: 3320, userAgent: firefox }),
        signIn("2d", { country: "DE", asn: 3209, userAgent: "ShopApp/5.0 (iPhone)" }),
      ],
    },
    {
      name: "a user who was never seen before",
      fires: false,
      events: [signIn("0s", { country: "BR", asn: 28_573, userAgent: firefox })],
    },
    {
      name: "who lives on both sides of a border",
      fires: false,
      events: [
        signIn("0s", { country: "DE", asn: 3320, userAgent: firefox }),
        signIn("1h", { country: "FR", asn: 3215, userAgent: firefox }),
        signIn("2d", { country: "FR", asn: 3215, userAgent: "ShopApp/5.0 (iPhone)" }),
      ],
    },
  ],
  triage: [
    "Is the network a VPN's or a hosting provider's?",
    "What was done after the sign-in: an address or a password changed, an order, gift cards bought?",
    "Were there failed sign-ins on the account, or a password reset, shortly before?",
  ],
});

function signIn(at: Duration, from: { country: string; asn: number; userAgent: string | undefined }) {
  return { at, endpointClass: "login" as const, status: 200, outcome: "ok" as const, userId: "anna", ...from };
}
