import type { Exchange } from "../exchange.ts";
import { shopHost, timedFields, type LineFormat } from "../writer.ts";

const fields: LineFormat["carries"] = [...timedFields, "requestId"];

/** Envoy Gateway's default JSON. */
export const envoyGateway: LineFormat = {
  id: "envoy-gateway",
  kind: "json",
  carries: fields,
  create: (times) => (x) => {
    const { ip, userAgent } = x.visitor;
    const upstream = x.upstreamMs === undefined ? "null" : `"${x.upstreamMs}"`;
    const host = x.upstreamMs === undefined ? "null" : '"10.20.4.17:8443"';
    return `{"start_time":"${times.iso(x.time - x.durationMs)}","method":"${x.method}","x-envoy-origin-path":"${x.target}","protocol":"HTTP/2","response_code":${x.status},"response_flags":"${flagsOf(x)}","response_code_details":"${detailsOf(x)}","connection_termination_details":null,"upstream_transport_failure_reason":null,"bytes_received":${x.requestBytes},"bytes_sent":${x.responseBytes},"duration":${x.durationMs},"x-envoy-upstream-service-time":${upstream},"x-forwarded-for":"${ip}","user-agent":"${userAgent}","x-request-id":"${x.requestId}",":authority":"${shopHost}","upstream_host":${host},"upstream_cluster":"httproute/shop/api/rule/0","upstream_local_address":null,"downstream_local_address":"10.20.1.5:10443","downstream_remote_address":"${socketOf(ip)}","requested_server_name":"${shopHost}","route_name":"httproute/shop/api/rule/0/match/0/api_shop_example"`;
  },
};

/** Envoy's default text: the client stands in a header alone, so that it could be forged. */
export const envoyText: LineFormat = {
  id: "envoy-text",
  kind: "text",
  carries: fields,
  create: (times) => (x) => {
    const upstream = x.upstreamMs === undefined ? "-" : String(x.upstreamMs);
    const host = x.upstreamMs === undefined ? "-" : "10.20.4.17:8443";
    return `[${times.iso(x.time - x.durationMs)}] "${x.method} ${x.target} HTTP/2" ${x.status} ${flagsOf(x)} ${x.requestBytes} ${x.responseBytes} ${x.durationMs} ${upstream} "${x.visitor.ip}" "${x.visitor.userAgent}" "${x.requestId}" "${shopHost}" "${host}"`;
  },
};

/** Envoy's OpenTelemetry log, as a collector writes it to a file: one export a line. */
export const envoyOtlp: LineFormat = {
  id: "envoy-otlp",
  kind: "text",
  carries: fields,
  create: (times) => (x) => {
    const start = x.time - x.durationMs;
    const { ip, userAgent } = x.visitor;
    const upstream = x.upstreamMs === undefined ? "-" : String(x.upstreamMs);
    const host = x.upstreamMs === undefined ? "-" : "10.20.4.17:8443";
    return `{"resourceLogs":[{"resource":{"attributes":[{"key":"log_name","value":{"stringValue":"otel_envoy_accesslog"}}]},"scopeLogs":[{"logRecords":[{"timeUnixNano":"${start}000000","observedTimeUnixNano":"${x.time}000000","attributes":[{"key":"start_time","value":{"stringValue":"${times.iso(start)}"}},{"key":"method","value":{"stringValue":"${x.method}"}},{"key":"x-envoy-origin-path","value":{"stringValue":"${x.target}"}},{"key":"protocol","value":{"stringValue":"HTTP/2"}},{"key":"response_code","value":{"stringValue":"${x.status}"}},{"key":"response_flags","value":{"stringValue":"${flagsOf(x)}"}},{"key":"response_code_details","value":{"stringValue":"${detailsOf(x)}"}},{"key":"bytes_received","value":{"stringValue":"${x.requestBytes}"}},{"key":"bytes_sent","value":{"stringValue":"${x.responseBytes}"}},{"key":"duration","value":{"stringValue":"${x.durationMs}"}},{"key":"x-envoy-upstream-service-time","value":{"stringValue":"${upstream}"}},{"key":"x-forwarded-for","value":{"stringValue":"${ip}"}},{"key":"user-agent","value":{"stringValue":"${userAgent}"}},{"key":"x-request-id","value":{"stringValue":"${x.requestId}"}},{"key":":authority","value":{"stringValue":"${shopHost}"}},{"key":"upstream_host","value":{"stringValue":"${host}"}},{"key":"downstream_remote_address","value":{"stringValue":"${socketOf(ip)}"}}]}]}]}]}`;
  },
};

// helpers

/** Why Envoy answered by itself: its limiter, no route, or a service that is not there. */
function flagsOf({ upstreamMs, status }: Exchange): string {
  if (upstreamMs !== undefined) return "-";
  return status === 429 ? "RL" : status === 404 ? "NR" : status >= 500 ? "UF" : "-";
}

function detailsOf({ upstreamMs, status }: Exchange): string {
  if (upstreamMs !== undefined) return "via_upstream";
  if (status === 429) return "request_rate_limited";
  return status === 404
    ? "route_not_found"
    : status >= 500
      ? "upstream_reset_before_response_started"
      : "direct_response";
}

function socketOf(ip: string): string {
  return ip.includes(":") ? `[${ip}]:51877` : `${ip}:51877`;
}
