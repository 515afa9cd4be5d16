import type { Exchange } from "../exchange.ts";
import { pathOf, usualFields, type LineFormat } from "../writer.ts";
import { asSeconds, type WrittenTimes } from "../written-time.ts";

/** The line that nginx and Apache agree on, up to the user agent; whole seconds. */
function combined(x: Exchange, time: string, target: string): string {
  return `${x.visitor.ip} - - [${time}] "${x.method} ${target} HTTP/1.1" ${x.status} ${x.responseBytes} "-" "${x.visitor.userAgent}"`;
}

const bare = (id: string): LineFormat => ({
  id,
  kind: "text",
  carries: usualFields,
  create: (times: WrittenTimes) => (x) => combined(x, times.clf(x.time), x.target),
});

export const nginxCombined = bare("nginx-combined");
export const apacheCombined = bare("apache-combined");

/** The controller's `upstreaminfo`; the path is decoded, and without its query. */
export const ingressNginx: LineFormat = {
  id: "ingress-nginx",
  kind: "text",
  carries: [...usualFields, "durationMs", "upstreamMs", "answeredBy", "requestBytes", "requestId"],
  create: (times) => (x) => {
    const line = combined(x, times.clf(x.time), pathOf(x.target));
    const upstream =
      x.upstreamMs === undefined
        ? "- - - -"
        : `10.20.4.17:8080 ${x.responseBytes} ${asSeconds(x.upstreamMs)} ${x.status}`;
    return `${line} ${x.requestBytes} ${asSeconds(x.durationMs)} [shop-api-80] [] ${upstream} ${x.requestId}`;
  },
};

/** Traefik's default: when the request began, and in milliseconds how long it took. */
export const traefikClf: LineFormat = {
  id: "traefik-clf",
  kind: "text",
  carries: [...usualFields, "durationMs", "answeredBy"].filter((field) => field !== "time") as LineFormat["carries"],
  create: (times) => {
    let count = 0;
    return (x) => {
      const service = x.upstreamMs === undefined ? "-" : "http://10.20.4.17:8080";
      return `${combined(x, times.clf(x.time - x.durationMs), x.target)} ${++count} "api@file" "${service}" ${x.durationMs}ms`;
    };
  },
};
