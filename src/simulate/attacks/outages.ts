import type { AttackKind, Outage, Scene } from "../attack.ts";
import { asksFor } from "../attack-request.ts";
import { benignShares } from "../benign-shares.ts";
import type { Exchange } from "../exchange.ts";
import { intensities } from "../label.ts";
import { aVisitor } from "../visitor.ts";

const minute = 60_000;

/** The upstream breaks off, or does not answer in time. */
function breaks(x: Exchange, status: number, durationMs: number): void {
  x.status = status;
  x.durationMs = durationMs;
  x.upstreamMs = durationMs;
  x.responseBytes = 180;
  x.outcome = "failed";
  x.attributes = undefined;
}

/** A share of the floor's, and all at most. */
const shareOf = ({ intensity }: Scene, floorShare: number) => Math.min(1, intensity * floorShare);

const isTurnedAway = (x: Exchange) => x.status === 401 && x.target !== "/api/login";

/** What fails by itself: nobody may be blocked for it. */
export const outages: readonly AttackKind[] = [
  {
    id: "payment-storm",
    title: "The payment provider fails",
    detectors: ["payment-storm"],
    counts: "failed payments",
    windowMs: minute,
    lastsMs: 6 * minute,
    isSiteWide: true,
    floor: ({ limit }) => limit("errors", 20),
    begin: (scene): Outage => ({
      victims: [{ scope: "route", value: "/api/payments" }],
      concerns: (x) => asksFor(x, "POST", "/api/payments"),
      floorShare: scene.limit("shareOf60s", 0.1),
      share: shareOf(scene, scene.limit("shareOf10s", 0.2)),
      // Below its floor it is over before there is a storm, let alone an hour's budget burnt.
      ...(scene.intensity < 1 && { most: Math.floor(scene.intensity * scene.floor) }),
      change: (x) => (scene.random.chance(0.4) ? breaks(x, 504, 30_000) : breaks(x, 502, 900)),
    }),
  },
  {
    id: "payment-leak",
    title: "A few payments in a hundred fail, for an hour",
    detectors: ["payment-storm"],
    counts: "failed payments within an hour",
    windowMs: 60 * minute,
    lastsMs: 75 * minute,
    isSiteWide: true,
    floor: ({ limit }) => limit("burnErrors", 30),
    begin: (scene): Outage => ({
      victims: [{ scope: "route", value: "/api/payments" }],
      concerns: (x) => asksFor(x, "POST", "/api/payments"),
      floorShare: 14.4 * (1 - scene.limit("objective", 0.999)),
      // Enough of a share and enough in number, and no storm.
      share: Math.min(
        0.15,
        Math.max(
          scene.intensity * 14.4 * (1 - scene.limit("objective", 0.999)),
          (scene.intensity * scene.floor) / (benignShares.payments * scene.rate * 3_600),
        ),
      ),
      ...(scene.intensity < 1 && { most: Math.floor(scene.intensity * scene.limit("burnErrors", 30)) }),
      change: (x) => breaks(x, 500, 300),
    }),
  },
  {
    id: "endpoint-errors",
    title: "An endpoint fails",
    detectors: ["endpoint-errors"],
    counts: "failed requests to one endpoint",
    windowMs: 5 * minute,
    lastsMs: 9 * minute,
    isSiteWide: true,
    floor: ({ limit }) => limit("errors", 30),
    begin: (scene): Outage => {
      // Each run of it another endpoint: what one of them burnt is not the next one's.
      const routes = ["/api/banners", "/api/categories/{name}", "/api/recommendations", "/api/search"] as const;
      const route = routes[intensities.indexOf(scene.intensity)]!;
      const path = route.replace("{name}", "");
      return {
        victims: [{ scope: "route", value: route }],
        concerns: (x) => x.method === "GET" && x.target.startsWith(path),
        floorShare: scene.limit("share", 0.2),
        share: shareOf(scene, scene.limit("share", 0.2)),
        ...(scene.intensity < 1 && { most: Math.floor(scene.intensity * scene.limit("errors", 30)) }),
        change: (x) => breaks(x, 503, 40),
      };
    },
  },
  {
    id: "third-party-failure",
    title: "The carrier's quotes fail",
    detectors: ["third-party-failure"],
    counts: "failed calls of one provider",
    windowMs: 5 * minute,
    lastsMs: 12 * minute,
    isSiteWide: true,
    floor: ({ limit }) => limit("calls", 10),
    begin: (scene): Outage => ({
      victims: [{ scope: "route", value: "/egress/shipping/quotes" }],
      concerns: (x) => asksFor(x, "POST", "/egress/shipping/quotes"),
      floorShare: scene.limit("share", 0.2),
      share: shareOf(scene, scene.limit("share", 0.2)),
      change: (x) => breaks(x, 503, 2_000),
    }),
  },
  {
    id: "endpoint-latency",
    title: "The catalogue becomes slow",
    detectors: ["endpoint-latency"],
    counts: "slow answers of one endpoint",
    windowMs: 5 * minute,
    lastsMs: 12 * minute,
    isSiteWide: true,
    // One in ten of so many answers.
    floor: ({ limit }) => limit("answers", 100) / 10,
    begin: (scene): Outage => ({
      victims: [{ scope: "route", value: "/api/categories/{name}" }],
      concerns: (x) => x.target.startsWith("/api/categories/"),
      floorShare: 0.1,
      share: shareOf(scene, 0.1),
      change: (x) => {
        x.durationMs += 4_000 + scene.random.below(3_000);
        x.upstreamMs = x.durationMs;
      },
    }),
  },
  {
    id: "traffic-stop",
    title: "Checkouts go elsewhere, and are in this log no more",
    detectors: ["traffic-level"],
    counts: "missing checkouts",
    windowMs: 10 * minute,
    lastsMs: 15 * minute,
    isSiteWide: true,
    floor: ({ limit }) => limit("expected", 30),
    begin: (scene): Outage => ({
      victims: [{ scope: "endpointClass", value: "checkout" }],
      concerns: (x) => x.target === "/api/checkout",
      floorShare: 0.97,
      // All, or below the floor half of them.
      share: scene.intensity < 1 ? 0.5 : 1,
      change: (x) => {
        x.isLost = true;
      },
    }),
  },
  {
    id: "token-rejection-surge",
    title: "Everybody's tokens are turned away: the keys were changed",
    detectors: ["token-rejection-surge"],
    counts: "tokens turned away, anybody's",
    windowMs: 10 * minute,
    isSiteWide: true,
    floor: ({ limit }) => limit("rejected", 200),
    begin: (scene): Outage => ({
      victims: [{ scope: "site", value: "" }],
      // A gateway that checks tokens turns away whatever is asked for with one.
      concerns: (x) => x.method === "GET" && x.visitor.userId !== undefined && x.status === 200,
      floorShare: 0,
      share: Math.min(1, (scene.intensity * scene.floor) / (benignShares.readSignedIn * scene.rate * 600)),
      ...(scene.intensity < 1 && { most: scene.perWindow }),
      beside: {
        times: scene.limit("times", 5),
        overMs: 60 * minute,
        concerns: isTurnedAway,
        joins: isTurnedAway,
      },
      change: (x) => {
        x.status = 401;
        x.attributes = { reason: "invalid_token_signature" };
        x.outcome = undefined;
      },
    }),
  },
  {
    id: "proxy-trust",
    title: "A proxy stands before all clients, and nobody named it",
    detectors: ["gatewatch-proxy-trust"],
    counts: "requests that come from the proxy",
    windowMs: 10 * minute,
    isSiteWide: true,
    floor: () => 100,
    begin: (scene): Outage => ({
      victims: [{ scope: "ip", value: balancer.ip }],
      concerns: () => true,
      floorShare: 0.5,
      share: shareOf(scene, 0.5),
      change: (x) => {
        const { ip, clientKey } = balancer;
        x.visitor = { ...x.visitor, ip, clientKey };
      },
    }),
  },
];

// helpers

const balancer = aVisitor({
  address: { ip: "198.19.175.1", clientKey: "198.19.175.1" },
  userAgent: "-",
  place: { country: "DE", asn: 64500, latitude: 50.11, longitude: 8.68 },
});
