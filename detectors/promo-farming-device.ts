import { z } from "zod";
import { count, defineDetector, distinct, type Predicate } from "../src/detect/define-detector.ts";

/** A promo code was taken for a user. */
const isApplied: Predicate = (e) => e.endpointClass === "promo" && e.outcome === "ok" && e.userId !== undefined;
const isSignup: Predicate = (e) => e.endpointClass === "signup" && e.outcome === "ok";

export default defineDetector({
  id: "promo-farming-device",
  title: "New accounts take promo codes, on one device",
  description:
    "Counts, by device over a day, the accounts for which a promo code was taken, where nearly as many accounts were opened on it. A device is one person's or one family's, so it takes fewer than promo-farming. Accounts opened earlier or elsewhere, and devices that are made up anew each time, are not seen. It names nobody: the accounts are what has to go.",
  owasp: ["API6:2023"],
  severity: "medium",
  needs: { required: ["deviceId", "userId"], better: ["attributes"] },
  where: { endpointClass: ["promo", "signup"], attempt: true },
  key: ["deviceId"],
  window: "1d",
  // This project's own: a family shares a tablet.
  params: z.strictObject({
    accounts: z.int().min(2).max(900).default(4).meta({ description: "Accounts that took a code in a day." }),
    fresh: z.number().gt(0).max(1).default(0.6).meta({ description: "Accounts opened on it, for each of them." }),
  }),
  counters: {
    accounts: distinct((e) => e.userId, isApplied),
    codes: distinct((e) => e.attributes?.["promoCode"], isApplied),
    signups: count(isSignup),
    clients: distinct((e) => e.clientKey, isApplied),
  },
  evidence: isApplied,
  floor: (p) => p.accounts,
  fires: ({ accounts, signups }, p) => accounts.value >= p.accounts && signups >= p.fresh * accounts.value,
  strength: ({ accounts }, p) => accounts.value / p.accounts,
  summary: ({ accounts, codes, signups, clients }, key) =>
    `${accounts.value} accounts took ${codes.known ? `${codes.value} promo ${codes.value === 1 ? "code" : "codes"}` : "promo codes"} on device ${key["deviceId"]} within a day, from ${clients.value} ${clients.value === 1 ? "client" : "clients"}; ${signups} accounts were opened on it`,
  target: () => undefined,
  examples: [
    {
      name: "one phone, five new accounts, an address each",
      fires: true,
      events: [0, 1, 2, 3, 4].flatMap((i) => account(i)),
    },
    { name: "a family's tablet: two are new", fires: false, events: [0, 1].flatMap((i) => account(i)) },
    {
      name: "a till: many customers, none of them new",
      fires: false,
      events: Array.from({ length: 30 }, (_, i) => account(i)[1]!),
    },
    {
      name: "thirty new customers, each on a phone of their own",
      fires: false,
      events: Array.from({ length: 30 }, (_, i) => account(i).map((e) => ({ ...e, deviceId: `phone-${i}` }))).flat(),
    },
  ],
  triage: [
    "Do the accounts share a delivery address, a card, a pattern of mail addresses?",
    "Is it a tablet in a shop of yours, on which people sign up?",
    "Do other devices of the same kind do the same?",
  ],
});

/** An account is opened on the device, and takes the code a minute later. */
function account(i: number) {
  const of = {
    outcome: "ok" as const,
    userId: `new-${i}`,
    deviceId: "device-1",
    clientIp: `203.0.113.${i}`,
    clientKey: `203.0.113.${i}`,
  };
  return [
    { at: `${i * 30}m` as const, endpointClass: "signup" as const, ...of },
    { at: `${i * 30 + 1}m` as const, endpointClass: "promo" as const, ...of, attributes: { promoCode: "WELCOME10" } },
  ];
}
