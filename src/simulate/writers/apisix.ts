import { shopHost, timedFields, type LineFormat } from "../writer.ts";

/** The default record of APISIX's loggers; sizes are text. */
export const apisix: LineFormat = {
  id: "apisix",
  kind: "json",
  carries: [...timedFields, "requestId", "methodOverride"],
  create: () => (x) => {
    const { ip, userAgent } = x.visitor;
    const override = x.methodOverride === undefined ? "" : `,"x-http-method-override":"${x.methodOverride}"`;
    const upstream =
      x.upstreamMs === undefined ? "" : `"upstream":"10.20.7.9:8080","upstream_latency":${x.upstreamMs},`;
    return `{"client_ip":"${ip}","route_id":"api","service_id":"svc-shop",${upstream}"start_time":${x.time - x.durationMs},"latency":${x.durationMs},"apisix_latency":2,"request":{"method":"${x.method}","uri":"${x.target}","url":"https://${shopHost}:9443${x.target}","querystring":{},"size":"${x.requestBytes}","headers":{"host":"${shopHost}","user-agent":"${userAgent}","x-request-id":"${x.requestId}"${override}}},"response":{"status":${x.status},"size":"${x.responseBytes}","headers":{"content-type":"application/json","server":"APISIX/3.18.0"}},"server":{"hostname":"apisix-7c9d","version":"3.18.0"}`;
  },
};
