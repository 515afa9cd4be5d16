import { z } from "zod";
import {
  count,
  defineDetector,
  distinct,
  isAnswered,
  isRefused,
  type Known,
  natFactor,
} from "../src/detect/define-detector.ts";

export default defineDetector({
  id: "account-enumeration",
  title: "One client asks which accounts exist",
  description:
    "A sign-up that says 'taken' and a reset that says 'unknown' tell whether somebody is a customer. This counts, by client, the different names that such endpoints refused. Where the log doesn't name them, it takes three times as many refusals, and more behind an address that customers share. A shop that answers the same to every name can't be asked, and nothing is seen here; nor is who spreads the names over many clients.",
  owasp: ["API2:2023", "API3:2023"],
  severity: "medium",
  needs: { required: ["clientIp", "outcome"], better: ["userId"] },
  where: { endpointClass: ["signup", "password_reset"], attempt: true },
  key: ["clientIp"],
  window: "10m",
  // Rules of others begin at 3 to 10 different names in ten minutes, the low ones only where the client
  // was proved to be no browser.
  params: z.strictObject({
    names: z.int().min(2).default(10).meta({ description: "Different names refused, where the log tells." }),
    ratio: z.number().min(0).max(1).default(0.6).meta({ description: "Refused share of all that were asked." }),
  }),
  counters: {
    refused: count(isRefused),
    asked: count(isAnswered),
    names: distinct((e) => e.userId, isRefused),
  },
  evidence: isRefused,
  floor: (p) => p.names,
  fires: ({ refused, asked, names }, p, context) => {
    if (refused < p.ratio * asked) return false;
    return timesTheFloor({ refused, names }, p.names * natFactor(context)) >= 1;
  },
  strength: (f, p, context) => timesTheFloor(f, p.names * natFactor(context)),
  summary: ({ refused, asked, names }, key) =>
    `${refused} of ${asked} sign-ups and password resets from ${key["clientIp"]} were refused within 10 minutes` +
    (names.known ? `, over ${names.value} names` : " (the log doesn't tell the names)"),
  target: ({ key }) => ({ scope: "ip", value: key["clientIp"]! }),
  examples: [
    {
      name: "a list of addresses is tried at sign-up: all that are taken are customers",
      fires: true,
      events: Array.from({ length: 20 }, (_, i) => asked(i * 5, { userId: `listed-${i}`, refused: true })),
    },
    {
      name: "a list is tried at the reset: one in five exists",
      fires: true,
      events: Array.from({ length: 40 }, (_, i) =>
        asked(i * 5, { endpointClass: "password_reset", userId: `listed-${i}`, refused: i % 5 !== 0 }),
      ),
    },
    {
      name: "the log has no names: three times as many",
      fires: true,
      events: Array.from({ length: 30 }, (_, i) => asked(i * 5, { refused: true })),
    },
    {
      name: "the log has no names: a few are not enough",
      fires: false,
      events: Array.from({ length: 15 }, (_, i) => asked(i * 5, { refused: true })),
    },
    {
      name: "one customer looks for the address of long ago",
      fires: false,
      events: Array.from({ length: 30 }, (_, i) =>
        asked(i * 10, { endpointClass: "password_reset", userId: `anna-${i % 4}`, refused: true }),
      ),
    },
    {
      name: "a campus in its first week: some are taken, most are new",
      fires: false,
      events: Array.from({ length: 40 }, (_, i) => asked(i * 10, { userId: `student-${i}`, refused: i % 3 === 0 })),
    },
  ],
  triage: [
    "Does the answer for a name that exists differ from that for one that doesn't: in text, status, length or time?",
    "Were the names tried at sign-in afterwards?",
    "Are they in the order of a list, or of one company?",
  ],
});

function timesTheFloor({ refused, names }: { refused: number; names: Known }, floor: number): number {
  return names.known ? names.value / floor : refused / (3 * floor);
}

function asked(second: number, of: { endpointClass?: "signup" | "password_reset"; userId?: string; refused: boolean }) {
  const { endpointClass = "signup", userId, refused } = of;
  return {
    at: `${second}s` as const,
    endpointClass,
    status: refused ? (endpointClass === "signup" ? 409 : 404) : 200,
    outcome: refused ? ("failed" as const) : ("ok" as const),
    userId,
  };
}
