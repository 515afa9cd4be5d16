import { shopHost, timedFields, usualFields, type LineFormat } from "../writer.ts";
import { asSeconds } from "../written-time.ts";

/** An entry of Cloud Logging, as a sink exports it. */
export const gcpLoadBalancer: LineFormat = {
  id: "gcp-load-balancer",
  kind: "json",
  carries: [...usualFields, "startedAt", "host", "durationMs", "answeredBy", "requestBytes", "requestId"],
  create: (times) => (x) => {
    const details =
      x.upstreamMs !== undefined
        ? "response_sent_by_backend"
        : x.status === 429
          ? "denied_by_rate_limit"
          : "failed_to_pick_backend";
    return `{"insertId":"${x.requestId}","timestamp":"${times.iso(x.time - x.durationMs)}","logName":"projects/shop/logs/requests","httpRequest":{"requestMethod":"${x.method}","requestUrl":"https://${shopHost}${x.target}","requestSize":"${x.requestBytes}","status":${x.status},"responseSize":"${x.responseBytes}","userAgent":"${x.visitor.userAgent}","remoteIp":"${x.visitor.ip}","latency":"${asSeconds(x.durationMs)}s"},"jsonPayload":{"@type":"type.googleapis.com/google.cloud.loadbalancing.type.LoadBalancerLogEntry","statusDetails":"${details}"},"severity":"INFO"`;
  },
};

/** Azure's diagnostic settings: one record a line. */
export const azureAppGateway: LineFormat = {
  id: "azure-app-gateway",
  kind: "json",
  carries: [...timedFields, "requestId"],
  create: (times) => (x) => {
    const server =
      x.upstreamMs === undefined
        ? '"serverRouted":"","serverStatus":"","serverResponseLatency":""'
        : `"serverRouted":"10.20.7.9:443","serverStatus":"${x.status}","serverResponseLatency":"${asSeconds(x.upstreamMs)}"`;
    return `{"timeStamp":"${times.iso(x.time)}","resourceId":"/SUBSCRIPTIONS/0/RESOURCEGROUPS/SHOP/PROVIDERS/MICROSOFT.NETWORK/APPLICATIONGATEWAYS/EDGE","listenerName":"https","ruleName":"api","backendPoolName":"shop","operationName":"ApplicationGatewayAccess","category":"ApplicationGatewayAccessLog","properties":{"instanceId":"appgw_2","clientIP":"${x.visitor.ip}","clientPort":51544,"httpMethod":"${x.method}","originalRequestUriWithArgs":"${x.target}","requestUri":"${x.target}","requestQuery":"","userAgent":"${x.visitor.userAgent}","httpStatus":${x.status},"httpVersion":"HTTP/2.0","receivedBytes":${x.requestBytes},"sentBytes":${x.responseBytes},"timeTaken":${asSeconds(x.durationMs)},"WAFMode":"Detection","transactionId":"${x.requestId}","sslEnabled":"on",${server},"originalHost":"${shopHost}","host":"shop.internal.example"}`;
  },
};
