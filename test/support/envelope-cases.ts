import type { Envelope } from "../../src/normalize/envelope.ts";
import { otlpJson, otlpOf, otlpProtobuf } from "./otlp.ts";

export interface EnvelopeCase {
  readonly name: string;
  /** What is on the way to the line in it. */
  readonly envelopes: readonly Envelope[];
  /** `json`: carries objects only. `otlp`: carries what formats read of OTLP's own attributes. */
  readonly carries: "lines" | "json" | "otlp";
  /** A record as the shipper would send it. All times in it are when it was shipped, years after the request. */
  readonly wrap: (record: string) => string | Uint8Array;
}

const shipped = "2029-01-02T03:04:05.678Z";
const shippedMs = Date.parse(shipped);
const nanos = `${shippedMs}000000`;

/** Each way that a log line is wrapped in practice. */
export const envelopeCases: readonly EnvelopeCase[] = [
  { name: "an array", envelopes: ["array"], carries: "json", wrap: (record) => `[${record}]` },
  {
    name: "lines in one message",
    envelopes: ["ndjson"],
    carries: "lines",
    wrap: (record) => `\n${record}\r\n\n`,
  },
  {
    name: "Kubernetes, a container's log file as it stands",
    envelopes: ["container"],
    carries: "lines",
    wrap: (record) => `2029-01-02T04:04:05.678901234+01:00 stdout F ${record}`,
  },
  {
    name: "Fluent Bit, tail of a container's log without a parser",
    envelopes: ["fluent-bit", "container"],
    carries: "lines",
    wrap: (record) => JSON.stringify({ "@timestamp": shippedMs / 1000, log: `${shipped} stderr F ${record}` }),
  },
  {
    name: "syslog over the network, RFC 3164",
    envelopes: ["syslog"],
    carries: "lines",
    wrap: (record) => `<134>Jan  2 03:04:05 gw-1 haproxy[2211]: ${record}`,
  },
  {
    name: "syslog on its own machine, without a host",
    envelopes: ["syslog"],
    carries: "lines",
    wrap: (record) => `<190>Jan 12 03:04:05 nginx: ${record}`,
  },
  {
    name: "syslog, RFC 5424 with structured data",
    envelopes: ["syslog"],
    carries: "lines",
    wrap: (record) => `<134>1 ${shipped} gw-1 haproxy 2211 - [a@1 b="c\\]d"][e@1 f="g"] ${record}`,
  },
  {
    name: "rsyslog's file, read by Filebeat",
    envelopes: ["filebeat", "syslog"],
    carries: "lines",
    wrap: (record) =>
      JSON.stringify({
        "@timestamp": shipped,
        message: `2029-01-02T03:04:05.678901+00:00 gw-1 haproxy[2211]: ${record}`,
        agent: { type: "filebeat", version: "8.17.0" },
        "@metadata": { beat: "filebeat", type: "_doc", version: "8.17.0" },
        log: { offset: 99_120, file: { path: "/var/log/haproxy.log" } },
        input: { type: "filestream" },
      }),
  },
  {
    name: "Vector, file source",
    envelopes: ["vector"],
    carries: "lines",
    wrap: (message) =>
      JSON.stringify({ file: "/var/log/access.log", host: "gw-2", message, source_type: "file", timestamp: shipped }),
  },
  {
    name: "Vector, kubernetes_logs",
    envelopes: ["vector"],
    carries: "lines",
    wrap: (message) =>
      JSON.stringify({
        file: "/var/log/pods/shop_gw-1_1/gw/0.log",
        kubernetes: { container_name: "gw", pod_ip: "10.1.2.3", pod_labels: { app: "gw" }, pod_name: "gw-1" },
        message,
        source_type: "kubernetes_logs",
        stream: "stdout",
        timestamp: shipped,
        timestamp_end: shipped,
      }),
  },
  {
    name: "Vector with parsed fields below a key of its own",
    envelopes: ["vector"],
    carries: "json",
    wrap: (record) =>
      `{"host":"gw-2","message":${JSON.stringify(record)},"parsed":${record},"source_type":"file","timestamp":"${shipped}"}`,
  },
  {
    name: "Fluent Bit, tail without a parser",
    envelopes: ["fluent-bit"],
    carries: "lines",
    wrap: (log) => JSON.stringify({ "@timestamp": shippedMs / 1000, log }),
  },
  {
    name: "Fluent Bit in Kubernetes, with its own and the runtime's times",
    envelopes: ["fluent-bit"],
    carries: "lines",
    wrap: (log) =>
      JSON.stringify({
        "@timestamp": shipped.replace("678Z", "678123Z"),
        time: shipped,
        stream: "stdout",
        _p: "F",
        log: `${log}\n`,
        kubernetes: { pod_name: "gw-1", namespace_name: "shop", host: "node-1", pod_ip: "10.1.2.3" },
      }),
  },
  {
    name: "Fluent Bit with merge_log_key, which keeps the line",
    envelopes: ["fluent-bit"],
    carries: "json",
    wrap: (record) =>
      `{"@timestamp":${shippedMs / 1000},"log":${JSON.stringify(record)},"stream":"stdout","log_processed":${record}}`,
  },
  {
    name: "Docker's JSON file, read as it is by Fluent Bit",
    envelopes: ["fluent-bit", "message"],
    carries: "lines",
    wrap: (log) =>
      JSON.stringify({
        "@timestamp": shippedMs / 1000,
        log: JSON.stringify({ log: `${log}\n`, stream: "stdout", time: shipped }),
      }),
  },
  {
    name: "Filebeat",
    envelopes: ["filebeat"],
    carries: "lines",
    wrap: (message) =>
      JSON.stringify({
        "@timestamp": shipped,
        "@metadata": { beat: "filebeat", type: "_doc", version: "8.17.0" },
        message,
        log: { offset: 99_120, file: { path: "/var/log/nginx/access.log" } },
        input: { type: "log" },
        event: { module: "nginx", dataset: "nginx.access" },
        agent: { type: "filebeat", version: "8.17.0" },
        ecs: { version: "1.12.0" },
        host: { name: "gw-1", ip: ["10.1.2.3"] },
      }),
  },
  {
    name: "journald",
    envelopes: ["message"],
    carries: "lines",
    wrap: (MESSAGE) =>
      JSON.stringify({
        __REALTIME_TIMESTAMP: `${shippedMs}000`,
        _HOSTNAME: "gw-1",
        PRIORITY: "6",
        SYSLOG_IDENTIFIER: "haproxy",
        MESSAGE,
      }),
  },
  {
    name: "a CloudWatch subscription",
    envelopes: ["cloudwatch"],
    carries: "lines",
    wrap: (message) =>
      JSON.stringify({
        messageType: "DATA_MESSAGE",
        owner: "123456789012",
        logGroup: "api-gateway",
        logStream: "s",
        subscriptionFilters: ["all"],
        logEvents: [{ id: "3195310660696698337880902507980421114328961542429822", timestamp: shippedMs, message }],
      }),
  },
  {
    name: "Event Hubs",
    envelopes: ["event-hubs"],
    carries: "json",
    wrap: (record) => `{"records":[${record}]}`,
  },
  {
    name: "a collector's body, in OTLP/JSON",
    envelopes: ["otlp-json", "message"],
    carries: "lines",
    wrap: (body) => otlpJson(bodyOf(body)),
  },
  {
    name: "a collector's body, in OTLP protobuf",
    envelopes: ["otlp-protobuf", "message"],
    carries: "lines",
    wrap: (body) => otlpProtobuf(bodyOf(body)),
  },
  {
    name: "a collector's attributes, in OTLP/JSON",
    envelopes: ["otlp-json"],
    carries: "otlp",
    wrap: (flat) => otlpJson(otlpOf(JSON.parse(flat) as Record<string, unknown>)),
  },
  {
    name: "a collector's attributes, in OTLP protobuf",
    envelopes: ["otlp-protobuf"],
    carries: "otlp",
    wrap: (flat) => otlpProtobuf(otlpOf(JSON.parse(flat) as Record<string, unknown>)),
  },
  {
    name: "an array of Vector's objects",
    envelopes: ["array", "vector"],
    carries: "lines",
    wrap: (message) => JSON.stringify([{ message, source_type: "file", timestamp: shipped, host: "gw-2" }]),
  },
];

// helpers

/** What the filelog receiver makes of a line. */
function bodyOf(body: string) {
  const attributes = { "log.file.name": "access.log", "log.iostream": "stdout" };
  const log = { timeUnixNano: nanos, observedTimeUnixNano: nanos, body, attributes };
  return { resource: { "k8s.pod.name": "gw-1" }, logs: [log] };
}
