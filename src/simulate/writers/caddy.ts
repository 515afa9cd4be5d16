import { shopHost, usualFields, type LineFormat } from "../writer.ts";
import { asSeconds } from "../written-time.ts";

/** Caddy's JSON; what a proxied server answered has `Via`. */
export const caddy: LineFormat = {
  id: "caddy",
  kind: "json",
  // A whole number of seconds is written without a point, and is not read: the unit could be another.
  carries: [...usualFields, "host", "requestBytes", "requestId", "methodOverride"],
  create: () => (x) => {
    const { ip, userAgent } = x.visitor;
    const override = x.methodOverride === undefined ? "" : `,"X-Http-Method-Override":["${x.methodOverride}"]`;
    const via = x.upstreamMs === undefined ? "" : '"Via":["1.1 Caddy"],';
    return `{"level":"info","ts":${asSeconds(x.time)},"logger":"http.log.access.log0","msg":"handled request","request":{"remote_ip":"${ip}","remote_port":"40112","client_ip":"${ip}","proto":"HTTP/2.0","method":"${x.method}","host":"${shopHost}","uri":"${x.target}","headers":{"User-Agent":["${userAgent}"],"X-Request-Id":["${x.requestId}"]${override}},"tls":{"resumed":false,"version":772,"cipher_suite":4865,"proto":"h2","server_name":"${shopHost}"}},"bytes_read":${x.requestBytes},"user_id":"","duration":${x.durationMs / 1000},"size":${x.responseBytes},"status":${x.status},"resp_headers":{${via}"Content-Type":["application/json"]}`;
  },
};
