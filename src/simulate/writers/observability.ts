import { pathOf, shopHost, usualFields, type LineFormat } from "../writer.ts";

/** The Elastic Common Schema, as a proxy's module writes it, with the place that its pipeline added. */
export const ecs: LineFormat = {
  id: "ecs",
  kind: "json",
  carries: [...usualFields, "startedAt", "host", "durationMs", "requestBytes", "requestId", "country", "asn"],
  create: (times) => (x) => {
    const { ip, userAgent, place } = x.visitor;
    const outcome = x.status < 400 ? "success" : "failure";
    const path = pathOf(x.target);
    return `{"@timestamp":"${times.iso(x.time - x.durationMs)}","ecs":{"version":"8.17.0"},"event":{"dataset":"edge.access","category":["web"],"type":["access"],"outcome":"${outcome}","duration":${x.durationMs}000000},"http":{"request":{"method":"${x.method}","id":"${x.requestId}","bytes":${x.requestBytes}},"response":{"status_code":${x.status},"bytes":${x.responseBytes}},"version":"2"},"url":{"path":"${path}","original":"${x.target}","domain":"${shopHost}"},"source":{"address":"${ip}","ip":"${ip}","geo":{"country_iso_code":"${place.country}"},"as":{"number":${place.asn}}},"user_agent":{"original":"${userAgent}"}`;
  },
};

/** OpenTelemetry's conventions for HTTP servers, as a collector writes them to a file: one export a line. */
export const otelHttp: LineFormat = {
  id: "otel-http",
  kind: "text",
  carries: [...usualFields, "host", "durationMs", "requestBytes"],
  create: () => (x) => {
    const { ip, userAgent } = x.visitor;
    const mark = x.target.indexOf("?");
    const path = pathOf(x.target);
    const query = mark < 0 ? "" : x.target.slice(mark + 1);
    return `{"resourceLogs":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"shop"}}]},"scopeLogs":[{"scope":{"name":"http"},"logRecords":[{"timeUnixNano":"${x.time}000000","observedTimeUnixNano":"${x.time}000000","traceId":"${x.requestId}","attributes":[{"key":"http.request.method","value":{"stringValue":"${x.method}"}},{"key":"url.path","value":{"stringValue":"${path}"}},{"key":"url.query","value":{"stringValue":"${query}"}},{"key":"http.response.status_code","value":{"intValue":"${x.status}"}},{"key":"http.server.request.duration","value":{"doubleValue":${x.durationMs / 1000}}},{"key":"http.request.size","value":{"intValue":"${x.requestBytes}"}},{"key":"http.response.size","value":{"intValue":"${x.responseBytes}"}},{"key":"network.peer.address","value":{"stringValue":"${ip}"}},{"key":"client.address","value":{"stringValue":"${ip}"}},{"key":"server.address","value":{"stringValue":"${shopHost}"}},{"key":"user_agent.original","value":{"stringValue":"${userAgent}"}}]}]}]}]}`;
  },
};
