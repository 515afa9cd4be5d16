import { shopHost, timedFields, type LineFormat } from "../writer.ts";

/** `option httplog`: no user agent, no request id. */
export const haproxyHttp: LineFormat = {
  id: "haproxy-http",
  kind: "text",
  carries: [
    "time", "startedAt", "clientIp", "clientKey", "method", "path", "status", "durationMs", "upstreamMs", "answeredBy", "responseBytes",
  ], // prettier-ignore
  create: (times) => (x) => {
    const began = times.clfMs(x.time - x.durationMs);
    const isAnswered = x.upstreamMs !== undefined;
    const server = isAnswered ? "be_shop/shop1" : "fe_api/<NOSRV>";
    const timers = isAnswered ? `0/0/1/${x.upstreamMs}` : "0/-1/-1/-1";
    const state = isAnswered ? "----" : x.status >= 500 ? "SC--" : "PR--";
    return `haproxy[2211]: ${x.visitor.ip}:51877 [${began}] fe_api~ ${server} ${timers}/${x.durationMs} ${x.status} ${x.responseBytes} - - ${state} 212/210/34/12/0 0/0 "${x.method} ${x.target} HTTP/1.1"`;
  },
};

/** The `log-format` of docs/formats.md. */
export const haproxyJson: LineFormat = {
  id: "haproxy-json",
  kind: "json",
  carries: [...timedFields, "requestId"],
  create: () => (x) => {
    const { ip, userAgent } = x.visitor;
    const isAnswered = x.upstreamMs !== undefined;
    const state = isAnswered ? "--" : x.status >= 500 ? "SC" : "PR";
    return `{"ts_ms":${x.time - x.durationMs},"client_ip":"${ip}","xff":"","method":"${x.method}","host":"${shopHost}","uri":"${x.target}","status":${x.status},"ta_ms":${x.durationMs},"tr_ms":${x.upstreamMs ?? -1},"term":"${state}","server":"${isAnswered ? "shop1" : "<NOSRV>"}","bytes_in":${x.requestBytes},"bytes":${x.responseBytes},"request_id":"${x.requestId}","ua":"${userAgent}"`;
  },
};
