import { z } from "zod";
import { defineDetector, type Duration, isOk, last, type Remembered } from "../src/detect/define-detector.ts";

/** City databases are off by so much, often; it is taken off the distance at both ends. */
const accuracyKm = 50;

const berlin = { latitude: 52.5, longitude: 13.4 };
const potsdam = { latitude: 52.4, longitude: 13 };
const newYork = { latitude: 40.7, longitude: -74 };

export default defineDetector({
  id: "impossible-travel",
  title: "One user in two places at once",
  description:
    "Compares the places of a user's successful requests in a row. VPNs, mobile networks and wrong geo data look the same as a stolen session, so this is shown and never blocks.",
  owasp: ["API2:2023"],
  severity: "low",
  needs: { required: ["userId", "clientIp", "latitude", "longitude"], better: ["asn"] },
  where: { endpointClass: ["login", "account", "order", "checkout", "payment"], outcome: ["ok"], attempt: true },
  key: ["userId"],
  window: "1d",
  bucket: "10s",
  quiet: "1h",
  // 900 km/h is an airliner (Panther uses it too); below 500 km databases and roaming explain much.
  params: z.strictObject({
    speedKmh: z.number().positive().default(900).meta({ description: "Faster than this can't be." }),
    distanceKm: z.number().positive().default(500).meta({ description: "Nearer than this is not looked at." }),
  }),
  counters: {
    places: last(4, (e) => [e.latitude, e.longitude, addressNumber(e.clientKey), e.asn ?? 0], isOk),
  },
  floor: () => 2,
  fires: ({ places }, p) => places.some((here, i) => i > 0 && isImpossible(places[i - 1]!, here, p)),
  summary: ({ places }, key) => {
    const jumps = places
      .slice(1)
      .map((here, i) => ({ km: distanceKm(places[i]!, here), ms: here.time - places[i]!.time }));
    const farthest = jumps.reduce((a, b) => (b.km > a.km ? b : a), { km: 0, ms: 0 });
    const minutes = Math.max(1, Math.round(farthest.ms / 60_000));
    return `User ${key["userId"]} was in two places ${Math.round(farthest.km)} km apart within ${minutes} ${minutes === 1 ? "minute" : "minutes"}`;
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
      name: "the same address, whose place was corrected",
      fires: false,
      events: [visit("0s", berlin, "203.0.113.1"), visit("5m", newYork, "203.0.113.1")],
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

function isImpossible(from: Remembered, to: Remembered, p: { speedKmh: number; distanceKm: number }): boolean {
  if (from.values[2] === to.values[2]) return false;
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

/** An address as a number: only whether two are the same matters. */
function addressNumber(clientKey: string | undefined): number | undefined {
  if (clientKey === undefined) return undefined;
  let number = 7;
  for (let i = 0; i < clientKey.length; i++) number = (number * 31 + clientKey.charCodeAt(i)) % 4_294_967_291;
  return number;
}

function visit(at: Duration, place: { latitude: number; longitude: number }, clientIp: string) {
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
