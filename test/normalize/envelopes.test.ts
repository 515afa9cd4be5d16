import { describe, expect, test } from "vitest";
import type { Envelope } from "../../src/normalize/envelope.ts";
import { unwrapRecord } from "../../src/normalize/unwrap-record.ts";
import { proxiesConfig } from "../../src/normalize/proxies-config.ts";
import { aNormalizer, normalizeAll } from "../support/normalizing.ts";
import { otlpProtobuf } from "../support/otlp.ts";

const combined = `198.51.100.23 - - [22/Aug/2026:09:14:07 +0000] "POST /v1/login HTTP/1.1" 401 88 "-" "curl/8"`;
const nginx = {
  msec: "1787390047.466",
  request_time: 0.054,
  remote_addr: "198.51.100.23",
  method: "POST",
  uri: "/v1/login",
  status: 401,
};
const line = JSON.stringify(nginx);
const read = (...records: (string | Uint8Array)[]) => normalizeAll(aNormalizer(), records);

/** The samples of real shippers, as they arrive. */
const samples = {
  vector: String.raw`{"file":"/var/log/envoy/access.log","host":"gw-2","message":"{\"start_time\":\"2026-08-22T09:14:07.412Z\",\"method\":\"GET\",\"response_code\":429,\"response_flags\":\"RL\",\"duration\":0,\"downstream_remote_address\":\"203.0.113.77:51544\",\"x-request-id\":\"6a1f0f5e\",\"x-envoy-origin-path\":\"/v1/cart\"}","source_type":"file","timestamp":"2026-08-22T09:14:08.003118Z"}`,
  fluentBit: String.raw`{"@timestamp":1787390047.987654,"log":"198.51.100.23 - - [22/Aug/2026:09:14:07 +0000] \"POST /v1/login HTTP/1.1\" 401 88 \"-\" \"python-requests/2.32\""}`,
  filebeat: String.raw`{"@timestamp":"2026-08-22T09:14:08.120Z","@metadata":{"beat":"filebeat","type":"_doc","version":"8.17.0","pipeline":"filebeat-8.17.0-nginx-access-pipeline"},"message":"198.51.100.23 - - [22/Aug/2026:09:14:07 +0000] \"POST /v1/login HTTP/1.1\" 401 88 \"-\" \"python-requests/2.32\"","log":{"offset":99120,"file":{"path":"/var/log/nginx/access.log"}},"input":{"type":"log"},"event":{"module":"nginx","dataset":"nginx.access"},"agent":{"type":"filebeat","version":"8.17.0"},"ecs":{"version":"1.12.0"},"host":{"name":"gw-1"}}`,
  otlpEnvoy: String.raw`{"resourceLogs":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"eg"}},{"key":"log_name","value":{"stringValue":"otel_envoy_accesslog"}}]},"scopeLogs":[{"scope":{},"logRecords":[{"timeUnixNano":"1787390047412000000","observedTimeUnixNano":"1787390048003000000","traceId":"5b8efff798038103d269b633813fc60c","spanId":"eee19b7ec3c1b174","body":{"stringValue":""},"attributes":[{"key":"method","value":{"stringValue":"POST"}},{"key":"x-envoy-origin-path","value":{"stringValue":"/v1/login"}},{"key":"response_code","value":{"stringValue":"401"}},{"key":"duration","value":{"stringValue":"54"}},{"key":"downstream_remote_address","value":{"stringValue":"198.51.100.23:51877"}},{"key":"x-request-id","value":{"stringValue":"6a1f0f5e-5f3d-4a38-9f0c-2f2b8c0f7a11"}},{"key":"route_name","value":{"stringValue":"httproute/shop/login/rule/0/match/0/api_shop_example"}},{"key":"upstream_transport_failure_reason","value":{"stringValue":"-"}}]}]}]}]}`,
  otlpHttp: String.raw`{"resourceLogs":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"edge"}}]},"scopeLogs":[{"logRecords":[{"timeUnixNano":"1787390047412000000","severityNumber":9,"body":{"stringValue":"http access"},"attributes":[{"key":"http.request.method","value":{"stringValue":"POST"}},{"key":"url.path","value":{"stringValue":"/v1/payments"}},{"key":"http.route","value":{"stringValue":"/v1/payments"}},{"key":"http.response.status_code","value":{"intValue":"503"}},{"key":"client.address","value":{"stringValue":"203.0.113.77"}},{"key":"network.peer.address","value":{"stringValue":"10.20.0.4"}},{"key":"user.id","value":{"stringValue":"u_48213"}},{"key":"geo.country.iso_code","value":{"stringValue":"BR"}},{"key":"http.request.header.x-forwarded-for","value":{"arrayValue":{"values":[{"stringValue":"203.0.113.77, 10.20.0.4"}]}}}]}]}]}]}`,
};

describe("real shippers' samples are read to the unit", () => {
  const login = { method: "POST", path: "/v1/login", status: 401, clientIp: "198.51.100.23" };
  test.for([
    [
      "Vector with Envoy's JSON",
      samples.vector,
      {
        method: "GET", status: 429, clientIp: "203.0.113.77", requestId: "6a1f0f5e", answeredBy: "gateway",
        outcome: "limited", startedAt: Date.parse("2026-08-22T09:14:07.412Z"), durationMs: 0,
      }, // prettier-ignore
    ],
    [
      "Fluent Bit with a combined line",
      samples.fluentBit,
      {
        ...login,
        time: Date.parse("2026-08-22T09:14:07Z"),
        responseBytes: undefined,
        userAgent: "python-requests/2.32",
      },
    ],
    [
      "Filebeat with a combined line",
      samples.filebeat,
      { ...login, time: Date.parse("2026-08-22T09:14:07Z"), userAgent: "python-requests/2.32" },
    ],
    [
      "OTLP with Envoy's attributes",
      samples.otlpEnvoy,
      {
        ...login, startedAt: Date.parse("2026-08-22T09:14:07.412Z"), time: Date.parse("2026-08-22T09:14:07.466Z"),
        durationMs: 54, requestId: "6a1f0f5e-5f3d-4a38-9f0c-2f2b8c0f7a11",
      }, // prettier-ignore
    ],
    [
      "OTLP with semantic conventions",
      samples.otlpHttp,
      {
        method: "POST", path: "/v1/payments", status: 503, clientIp: "203.0.113.77", clientIpTrust: "certain",
        userId: "u_48213", country: "BR", time: Date.parse("2026-08-22T09:14:07.412Z"),
      }, // prettier-ignore
    ],
  ] as const)("%s", ([, sample, event]) => {
    const proxies = proxiesConfig.parse({ trusted: ["10.0.0.0/8"] });
    const { events, rejected } = normalizeAll(aNormalizer({ proxies }), [sample]);
    expect(rejected).toEqual([]);
    const { responseBytes: _, ...expected } = { responseBytes: undefined, ...event };
    expect(events).toMatchObject([expected]);
  });
});

describe("what is an envelope, and what only looks like one", () => {
  const wins = { path: "/v1/login" };
  const decoy = line.replace("/v1/login", "/decoy");
  test.for([
    ["an access record with a message of its own", JSON.stringify({ ...nginx, message: decoy })],
    ["an access record with a log of its own", JSON.stringify({ ...nginx, log: decoy, source_type: "file" })],
    ["fields that Fluent Bit merged, with the line kept", JSON.stringify({ "@timestamp": 1, log: decoy, ...nginx })],
    ["ECS, whose message repeats the line", `{"@timestamp":"2026-08-22T09:14:07.466Z","message":${JSON.stringify(decoy)},"http":{"request":{"method":"POST"},"response":{"status_code":401}},"url":{"path":"/v1/login"},"source":{"ip":"198.51.100.23"}}`],
    ["parsed fields beside a line", JSON.stringify({ message: decoy, json: nginx })],
    ["JSON in log, beside a sentence in message", JSON.stringify({ message: "request done", log: line })],
    ["a message that is an object", JSON.stringify({ message: nginx, source_type: "file" })],
    ["a body that is an object", JSON.stringify({ body: nginx })],
    ["a duplicate key, of which the last holds", `{"message":${JSON.stringify(decoy)},"message":${JSON.stringify(line)}}`],
    ["OTLP attributes beside a body", otlpProtobuf({ resource: {}, logs: [{ body: decoy, attributes: nginx }] })],
    ["an OTLP body that is a map", otlpProtobuf({ resource: {}, logs: [{ body: nginx, attributes: { a: "b" } }] })],
    ["an OTLP body that is a map around a line", otlpProtobuf({ resource: {}, logs: [{ body: { log: line }, attributes: {} }] })],
    ["an OTLP body in bytes", otlpProtobuf({ resource: {}, logs: [{ body: Buffer.from(line), attributes: {} }] })],
  ] as const)("%s", ([, record]) => expect(read(record)).toMatchObject({ events: [wins], rejected: [] })); // prettier-ignore

  test("the rest of a source with one shape does not change what an envelope is", () => {
    const wrapped = JSON.stringify({ message: line, source_type: "file" });
    expect(read(line, wrapped, line, wrapped, combined, wrapped).events).toHaveLength(5);
  });

  test("an object of a JSON source that is no access record is told of itself, not of its message", () => {
    const { rejected } = read(line, JSON.stringify({ level: "info", message: "started" }));
    expect(rejected).toMatchObject([{ reason: "no_time", head: '{"level":"info","message":"started"}' }]);
  });

  test("in a text source it is told of its message", () => {
    const { rejected } = read(combined, JSON.stringify({ level: "info", message: "started" }));
    expect(rejected).toMatchObject([{ head: "started" }]);
  });

  test("what shippers send about themselves is no request", () => {
    const control = `{"messageType":"CONTROL_MESSAGE","owner":"CloudwatchLogs","logGroup":"","logStream":"","subscriptionFilters":[],"logEvents":[{"id":"","timestamp":1,"message":"CWL CONTROL MESSAGE: Checking health of destination Kinesis stream."}]}`;
    const { rejected } = read(line, control, '{"content":"tests"}');
    expect(rejected.map(({ reason }) => reason)).toEqual(["not_a_request", "not_a_request"]);
  });
});

describe("several entries", () => {
  test("each has its own place in the record, also those that are rejected", () => {
    const logEvents = [line, "garbage", `${line}\n${line}`].map((message, i) => ({ id: String(i), timestamp: 1, message }));
    const record = JSON.stringify({ messageType: "DATA_MESSAGE", logGroup: "g", logEvents });
    const { offsets, indexes, rejected } = read(line, record, line);
    expect(offsets.map((offset, i) => [offset, indexes[i]])).toEqual([[0, 0], [1, 0], [1, 2], [1, 3], [2, 0]]);
    expect(rejected.map(({ offset, index }) => [offset, index])).toEqual([[1, 1]]);
  }); // prettier-ignore

  test("have the same place when the record comes again, though the format is known by now", () => {
    const normalizer = aNormalizer();
    const record = `[{"a":1},${line},[],${line},"${"x".repeat(10)}",null]`;
    const placesOf = () => {
      const { events, indexes, rejected } = normalizeAll(normalizer, [record]);
      expect(events).toHaveLength(2);
      return { indexes, rejected: rejected.map(({ index }) => index) };
    };
    const first = placesOf();
    expect(first).toEqual({ indexes: [1, 3], rejected: [0, 2, 4, 5] });
    expect(placesOf()).toEqual(first);
  });

  test("of several resources in OTLP know their own one", () => {
    const logs = (name: string) => ({
      resource: { name },
      logs: [{ attributes: { a: 1 } }, { attributes: { a: 2.5 } }],
    });
    expect(entriesOf(otlpProtobuf(logs("one"), logs("two"))).map(({ sample }) => sample)).toMatchObject([
      { "resource.name": "one", a: "1" }, { "resource.name": "one", a: 2.5 },
      { "resource.name": "two", a: "1" }, { "resource.name": "two", a: 2.5 },
    ]); // prettier-ignore
  });
});

test("attributes whose names look alike to a hash are told apart", () => {
  // Of the same length, and of the same sum with the usual factor.
  const attributes = { AaAa: "1", BBBB: "2", AaBB: "3", BBAa: "4" };
  const entries = entriesOf(otlpProtobuf({ resource: {}, logs: [{ attributes }, { attributes }] }));
  expect(entries.map(({ sample }) => sample)).toMatchObject([attributes, attributes]);
});

test("OTLP's log record becomes one flat object, from JSON and from protobuf alike", () => {
  const attributes = {
    "http.request.method": "GET", status: 401, took: 0.25, secure: true, list: ["a", ["b"]], map: { a: { b: "c" } },
    __proto__: "x", "otlp.body": "forged", "otlp.timeUnixNano": "1",
  }; // prettier-ignore
  const log = {
    ...{ timeUnixNano: "0", observedTimeUnixNano: "1787390048003000000" },
    ...{ body: "text", traceId: "5b8efff798038103d269b633813fc60c", spanId: "eee19b7ec3c1b174" },
  };
  const [{ sample } = { sample: undefined }] = entriesOf(
    otlpProtobuf({ resource: { a: "b" }, logs: [{ ...log, attributes }] }),
  );
  expect(sample).toEqual({
    "resource.a": "b",
    ...{
      "http.request.method": "GET",
      status: "401",
      took: 0.25,
      secure: true,
      list: ["a", ["b"]],
      map: { a: { b: "c" } },
    },
    "otlp.timeUnixNano": undefined,
    "otlp.observedTimeUnixNano": "1787390048003000000",
    "otlp.body": "text",
    "otlp.traceId": "5b8efff798038103d269b633813fc60c",
    "otlp.spanId": "eee19b7ec3c1b174",
  });
});

// helpers

function entriesOf(record: string | Uint8Array): { sample: unknown; envelopes: readonly Envelope[] }[] {
  const entries: { sample: unknown; envelopes: readonly Envelope[] }[] = [];
  unwrapRecord(record, {
    isRecord: () => false,
    isLine: () => false,
    line: () => false,
    entry: (sample, { envelopes }) => void entries.push({ sample, envelopes }),
    reject: (...rejection) => void entries.push({ sample: rejection, envelopes: [] }),
  });
  return entries;
}
