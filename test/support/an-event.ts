import type { AccessEvent } from "../../src/normalize/access-event.ts";

/** An ordinary request of a signed-in customer; `partial` says what is different about it. */
export function anEvent(partial: Partial<AccessEvent> = {}): AccessEvent {
  const clientIp = "clientIp" in partial ? partial.clientIp : "198.51.100.7";
  return {
    time: Date.parse("2026-08-22T09:00:00.000Z"),
    startedAt: undefined,
    gateway: "edge",
    clientIp,
    clientKey: clientIp,
    clientIpTrust: clientIp === undefined ? "guessed" : "certain",
    peerIp: undefined,
    method: "GET",
    host: "api.shop.example",
    path: "/api/products/17",
    route: "/api/products/{id}",
    endpointClass: "catalog",
    owner: undefined,
    status: 200,
    answeredBy: "upstream",
    enforced: false,
    durationMs: 20,
    upstreamMs: 18,
    requestBytes: undefined,
    responseBytes: 512,
    requestId: undefined,
    userId: undefined,
    role: undefined,
    apiKey: undefined,
    sessionId: undefined,
    deviceId: undefined,
    userAgent: "Mozilla/5.0",
    country: undefined,
    asn: undefined,
    latitude: undefined,
    longitude: undefined,
    methodOverride: undefined,
    outcome: "ok",
    attributes: undefined,
    ...partial,
  };
}
