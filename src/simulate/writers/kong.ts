import { shopHost, timedFields, type LineFormat } from "../writer.ts";

/** `kong.log.serialize()`, as the logging plugins send it. */
export const kong: LineFormat = {
  id: "kong",
  kind: "json",
  carries: [...timedFields, "requestId", "methodOverride"],
  create: () => (x) => {
    const { ip, userAgent } = x.visitor;
    const override = x.methodOverride === undefined ? "" : `,"x-http-method-override":"${x.methodOverride}"`;
    const answered =
      x.upstreamMs === undefined
        ? '"source":"kong","upstream_status":""'
        : `"source":"upstream","upstream_status":"${x.status}"`;
    return `{"started_at":${x.time - x.durationMs},"client_ip":"${ip}","request":{"id":"${x.requestId}","method":"${x.method}","uri":"${x.target}","url":"https://${shopHost}:443${x.target}","size":${x.requestBytes},"querystring":{},"headers":{"host":"${shopHost}","user-agent":"${userAgent}","accept":"*/*"${override}}},"response":{"status":${x.status},"size":${x.responseBytes},"headers":{"content-type":"application/json"}},"latencies":{"request":${x.durationMs},"proxy":${x.upstreamMs ?? -1},"kong":2,"receive":0},${answered},"upstream_uri":"${x.target}","tries":[],"service":{"name":"shop","host":"shop.internal","port":8080},"route":{"name":"api"},"workspace_name":"default"`;
  },
};
