import { shopHost, timedFields, type LineFormat } from "../writer.ts";
import { asSeconds } from "../written-time.ts";

/** nginx with the `log_format` of docs/formats.md. */
export const nginxJson: LineFormat = {
  id: "nginx-json",
  kind: "json",
  carries: [...timedFields, "requestId"],
  create: () => (x) => {
    const { ip, userAgent } = x.visitor;
    const answered =
      x.upstreamMs === undefined
        ? '"upstream_status":"","upstream_response_time":""'
        : `"upstream_status":"${x.status}","upstream_response_time":"${asSeconds(x.upstreamMs)}"`;
    return `{"msec":"${asSeconds(x.time)}","request_time":${asSeconds(x.durationMs)},"remote_addr":"${ip}","peer":"${ip}","xff":"","method":"${x.method}","host":"${shopHost}","uri":"${x.target}","status":${x.status},"bytes_sent":${x.responseBytes},"request_length":${x.requestBytes},${answered},"request_id":"${x.requestId}","user":"","ua":"${userAgent}"`;
  },
};
