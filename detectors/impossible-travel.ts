import { z } from "zod";
import {
  defineDetector,
  type Duration,
  isOk,
  type JudgeContext,
  last,
  type Predicate,
  type Remembered,
} from "../src/detect/define-detector.ts";
import { isPassing } from "../src/detect/passing-networks.ts";
import { addressNumber, isShared } from "../src/detect/shared-address.ts";

/** A success, and not out of a VPN or a relay, which is no place. */
const isSomewhere: Predicate = (e) => isOk(e) && !isPassing(e);

/** City databases are off by so much, often; it is taken off the distance at both ends. */
const accuracyKm = 50;

const berlin = { latitude: 52.5, longitude: 13.4 };
const potsdam = { latitude: 52.4, longitude: 13 };
const frankfurt = { latitude: 50.1, longitude: 8.7 };
const paris = { latitude: 48.9, longitude: 2.4 };
const newYork = { latitude: 40.7, longitude: -74 };

export default defineDetector({
  id: "impossible-travel",
  title: "One user in two places at once",
  description:
    "Compares the places of a user's successful requests in a row. Two places of one network are a carrier's or a VPN's ways out, and a network that the user had before is no news: neither counts, nor do the large VPNs, Private Relay and satellites, nor an IPv4 address from which more users than a household succeeded within a day. Other VPNs, mobile networks and wrong geo data look the same as a stolen session, so this is shown and never blocks.",
  owasp: ["API2:2023"],
  severity: "low",
  needs: { required: ["userId", "clientIp", "latitude", "longitude"], better: ["asn"] },
  where: { endpointClass: ["login", "account", "order", "checkout", "payment"], outcome: ["ok"], attempt: true },
  key: ["userId"],
  window: "1d",
  bucket: "10s",
  quiet: "1h",
  onChange: false,
  // 900 km/h is an airliner (Panther uses it too); below 500 km databases and roaming explain much.
  params: z.strictObject({
    speedKmh: z.number().positive().default(900).meta({ description: "Faster than this can't be." }),
    distanceKm: z.number().positive().default(500).meta({ description: "Nearer than this is not looked at." }),
  }),
  counters: {
    places: last(4, (e) => [e.latitude, e.longitude, addressNumber(e.clientKey), e.asn ?? 0], isSomewhere),
  },
  floor: () => 2,
  fires: ({ places: all }, p, context) => {
    const places = ownPlaces(all, context);
    return places.some(
      (here, i) => i > 0 && isImpossible(places[i - 1]!, here, p) && !isKnown(here, places.slice(0, i - 1)),
    );
  },
  summary: ({ places: all }, key, context) => {
    const places = ownPlaces(all, context);
    const jumps = places
      .slice(1)
      .map((here, i) => ({ from: places[i]!, here, km: distanceKm(places[i]!, here), ms: here.time - places[i]!.time }))
      .filter(({ from, here }) => !isSameWayOut(from, here));
    const fastest = jumps.reduce((a, b) => (b.km / Math.max(1000, b.ms) > a.km / Math.max(1000, a.ms) ? b : a));
    const minutes = Math.max(1, Math.round(fastest.ms / 60_000));
    return `User ${key["userId"]} was in two places ${Math.round(fastest.km)} km apart within ${minutes} ${minutes === 1 ? "minute" : "minutes"}`;
  },
  target: () => undefined,
  examples: [
    {
      name: "Berlin, and New York half an hour later",
      fires: true,
      events: [visit("0s", berlin, "203.0.113.1"), visit("30m", newYork, "203.0.113.2")],
    },
    {
      name: "Berlin, and New York the next morning",
      fires: false,
      events: [visit("0s", berlin, "203.0.113.1"), visit("10h", newYork, "203.0.113.2")],
    },
    {
      name: "Berlin, and New York in five hours: faster than an airliner",
      fires: true,
      events: [visit("0s", berlin, "203.0.113.1"), visit("5h", newYork, "203.0.113.2")],
    },
    {
      name: "Berlin, and New York in eight hours: by air",
      fires: false,
      events: [visit("0s", berlin, "203.0.113.1"), visit("8h", newYork, "203.0.113.2")],
    },
    {
      name: "Berlin, and Paris ten minutes later",
      fires: true,
      events: [visit("0s", berlin, "203.0.113.1"), visit("10m", paris, "203.0.113.2")],
    },
    {
      name: "Berlin, and Frankfurt ten minutes later: a carrier's way out",
      fires: false,
      events: [visit("0s", berlin, "203.0.113.1"), visit("10m", frankfurt, "203.0.113.2")],
    },
    {
      name: "the same address, whose place was corrected",
      fires: false,
      events: [visit("0s", berlin, "203.0.113.1"), visit("5m", newYork, "203.0.113.1")],
    },
    {
      name: "a carrier whose ways out are cities apart",
      fires: false,
      events: [
        visit("0s", { ...berlin, asn: 3320 }, "203.0.113.1"),
        visit("10m", { ...newYork, asn: 3320 }, "203.0.113.2"),
      ],
    },
    {
      name: "a VPN in New York that is known as one",
      fires: false,
      events: [
        visit("0s", { ...berlin, asn: 3320 }, "203.0.113.1"),
        visit("10m", { ...newYork, asn: 9009 }, "203.0.113.2"),
      ],
    },
    {
      name: "out of an address in New York that many others use, too",
      fires: false,
      events: [
        ...others("203.0.113.2"),
        visit("10m", { ...berlin, asn: 3320 }, "203.0.113.1"),
        visit("20m", { ...newYork, asn: 64500 }, "203.0.113.2"),
      ],
    },
    {
      name: "back in Berlin, and again through the company in New York",
      fires: false,
      events: [
        visit("0s", { ...newYork, asn: 64500 }, "203.0.113.1"),
        visit("10h", { ...berlin, asn: 3320 }, "203.0.113.2"),
        visit("11h", { ...newYork, asn: 64500 }, "203.0.113.3"),
      ],
    },
    {
      name: "from one network to another, an ocean apart",
      fires: true,
      events: [
        visit("0s", { ...berlin, asn: 3320 }, "203.0.113.1"),
        visit("30m", { ...newYork, asn: 64500 }, "203.0.113.2"),
      ],
    },
    {
      name: "home and office, 30 km apart",
      fires: false,
      events: [visit("0s", berlin, "203.0.113.1"), visit("1m", potsdam, "203.0.113.2")],
    },
  ],
  triage: [
    "Is one of the two networks a VPN, a mobile carrier or a hosting provider?",
    "Is the device (user agent) the same in both places?",
    "What was done from the new place: an address changed, an order to a new address, a password reset?",
  ],
});

/** Where nobody else is. A place that many users come from is that of a VPN, a carrier or a company. */
function ownPlaces(places: readonly Remembered[], context: Pick<JudgeContext, "usersBehind">): Remembered[] {
  return places.filter(({ values }) => !isShared(values[2]!, context));
}

/** The same address, or the same network: what stands there is a carrier, a company or a VPN, not the user. */
function isSameWayOut(a: Remembered, b: Remembered): boolean {
  return a.values[2] === b.values[2] || (a.values[3] !== 0 && a.values[3] === b.values[3]);
}

/** Whether the user was there before: at home, at work and behind a VPN in turn. */
function isKnown(here: Remembered, before: readonly Remembered[]): boolean {
  return before.some((place) => isSameWayOut(place, here));
}

function isImpossible(from: Remembered, to: Remembered, p: { speedKmh: number; distanceKm: number }): boolean {
  if (isSameWayOut(from, to)) return false;
  const km = distanceKm(from, to) - 2 * accuracyKm;
  const hours = Math.max(to.time - from.time, 1000) / 3_600_000;
  return km > p.distanceKm && km / hours > p.speedKmh;
}

/** Great-circle distance (haversine, Earth's mean radius 6,371 km). */
function distanceKm(from: Remembered, to: Remembered): number {
  const rad = (degrees: number) => (degrees * Math.PI) / 180;
  const [lat1, lon1, lat2, lon2] = [from.values[0]!, from.values[1]!, to.values[0]!, to.values[1]!].map(rad) as [
    number,
    number,
    number,
    number,
  ];
  const h = Math.sin((lat2 - lat1) / 2) ** 2 + Math.cos(lat1) * Math.cos(lat2) * Math.sin((lon2 - lon1) / 2) ** 2;
  return 2 * 6371 * Math.asin(Math.sqrt(Math.min(1, h)));
}

/** Users who succeed from an address. */
function others(clientIp: string) {
  return Array.from({ length: 8 }, (_, i) => ({
    ...visit("0s", newYork, clientIp),
    userId: `other-${i}`,
  }));
}

function visit(at: Duration, place: { latitude: number; longitude: number; asn?: number }, clientIp: string) {
  return {
    at,
    endpointClass: "login",
    outcome: "ok",
    userId: "anna",
    clientIp,
    clientKey: clientIp,
    ...place,
  } as const;
}
