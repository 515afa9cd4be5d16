import { request } from "node:http";
import { plantedSecrets as secrets } from "../planted-secrets.ts";

/** One request of a shop's customer, as each gateway gets it. */
export interface GatewayRequest {
  readonly name: string;
  readonly method: string;
  /** What goes over the wire. */
  readonly target: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Which loopback address it comes from; by default the hop that is trusted. */
  readonly from?: string;
}

export const agent = "ShopApp/5.2 (iOS 18.5)";
export const host = "shop.example";
export const customer = "198.51.100.23";

/** A load balancer before the gateway. Not 127.0.0.1, which Envoy takes for itself. */
export const trustedHop = "127.0.0.3";
/** A machine that sets headers of which nobody should believe a word. */
export const stranger = "127.0.0.2";

/** What the trusted hop wrote down of the customer. */
const viaHop = { "x-forwarded-for": customer };
const megabyte = 1_000_000;

/** The first uses up the limit of one; each other is one that some gateway logs in a way of its own. */
export const requests: readonly GatewayRequest[] = [
  { name: "first of its kind", method: "GET", target: "/v1/limited", headers: viaHop },
  { name: "200", method: "GET", target: "/v1/products/17", headers: viaHop },
  { name: "401", method: "POST", target: "/v1/login", headers: viaHop },
  { name: "404", method: "GET", target: "/v1/nope", headers: viaHop },
  { name: "429 by the gateway's limiter", method: "GET", target: "/v1/limited", headers: viaHop },
  { name: "upstream down", method: "GET", target: "/v1/down", headers: viaHop },
  { name: "IPv6", method: "GET", target: "/v1/over-ipv6", from: "::1" },
  {
    name: "forged X-Forwarded-For, from whom nobody trusts",
    method: "GET",
    target: "/v1/forged",
    from: stranger,
    headers: { "x-forwarded-for": "203.0.113.66" },
  },
  {
    name: "forged X-Forwarded-For, to which a trusted hop added the truth",
    method: "GET",
    target: "/v1/appended",
    headers: { "x-forwarded-for": "203.0.113.66, 198.51.100.77" },
  },
  {
    name: "secrets",
    method: "GET",
    target: `/v1/account?token=${secrets.jwt}&password=${secrets.password}&card=${secrets.card}&t=${secrets.querySecret}`,
    headers: {
      ...viaHop,
      authorization: `Bearer ${secrets.jwt}`,
      cookie: secrets.cookie,
      "x-api-key": secrets.stripeKey,
      referer: `http://${host}/v1/reset/${secrets.resetToken}?email=${secrets.email}`,
    },
  },
  {
    name: "percent-encoding",
    method: "GET",
    target: "/v1/caf%C3%A9%20%22con%22%2Fleche?q=%22%5C%00%0A",
    headers: viaHop,
  },
  { name: "1 MB path", method: "GET", target: `/v1/huge/${"a".repeat(megabyte - 9)}`, headers: viaHop },
];

/** Sends them one after the other, each over a connection of its own; gives the statuses, `undefined` where cut off. */
export async function sendAll(port: number): Promise<Map<string, number | undefined>> {
  const statuses = new Map<string, number | undefined>();
  for (const one of requests) statuses.set(one.name, await send(port, one));
  return statuses;
}

// helpers

function send(port: number, { method, target, headers, from = trustedHop }: GatewayRequest) {
  return new Promise<number | undefined>((resolve) => {
    const sent = request(
      {
        host: from === "::1" ? "::1" : "127.0.0.1",
        localAddress: from,
        port,
        method,
        path: target,
        headers: { host, "user-agent": agent, connection: "close", ...headers },
        agent: false,
        timeout: 20_000,
      },
      (response) => {
        response.resume();
        response.once("close", () => resolve(response.statusCode));
      },
    );
    sent.once("timeout", () => sent.destroy());
    // A gateway may answer to a megabyte by hanging up before it has read it.
    sent.once("error", () => resolve(undefined));
    sent.end();
  });
}
