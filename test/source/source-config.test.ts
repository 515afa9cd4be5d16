import { describe, expect, test } from "vitest";
import { sourcesConfig } from "../../src/source/source-config.ts";

const kafka = { name: "edge", type: "kafka", brokers: ["kafka-1:9092"], topic: "access-logs" };

describe("sourcesConfig", () => {
  test("fills in defaults", () => {
    expect(sourcesConfig.parse([kafka, { name: "push", type: "http" }])).toEqual([
      { ...kafka, format: "auto", timeZone: "UTC", trustClientIp: false, maxRecordBytes: 1048576, silentAfter: 60_000, group: "gatewatch", from: "latest", tls: false },
      { name: "push", type: "http", format: "auto", timeZone: "UTC", trustClientIp: false, maxRecordBytes: 1048576, silentAfter: 60_000, maxBodyBytes: 16777216, spoolBytes: 268435456 },
    ]); // prettier-ignore
  });

  test("reads spans and sizes", () => {
    const [source] = sourcesConfig.parse([
      { name: "in", type: "stdin", silentAfter: "never", maxRecordBytes: "64KiB", gateway: "kong" },
    ]);
    expect(source).toMatchObject({ silentAfter: "never", maxRecordBytes: 65536, gateway: "kong" });
  });

  test.for<[string, unknown, string]>([
    ["no source", [], ""],
    ["unknown type", [{ name: "a", type: "syslog" }], "0.type"],
    ["unknown key", [{ ...kafka, topics: [] }], "0"],
    [
      "unknown SASL mechanism",
      [{ ...kafka, sasl: { mechanism: "gssapi", username: "u", password: "p" } }],
      "0.sasl.mechanism",
    ],
    ["broker without a port", [{ ...kafka, brokers: ["kafka"] }], "0.brokers.0"],
    ["a time zone that does not exist", [{ ...kafka, timeZone: "Europe/Atlantis" }], "0.timeZone"],
    ["no broker", [{ ...kafka, brokers: [] }], "0.brokers"],
    ["same name twice", [kafka, { name: "edge", type: "http" }], "1.name"],
    [
      "standard input twice",
      [
        { name: "a", type: "stdin" },
        { name: "b", type: "stdin" },
      ],
      "1.type",
    ],
    ["bad span", [{ name: "a", type: "stdin", silentAfter: "1 minute" }], "0.silentAfter"],
    ["a spool that is too small", [{ name: "a", type: "http", spoolBytes: "16MiB" }], "0.spoolBytes"],
    ["bad size", [{ name: "a", type: "http", maxBodyBytes: "16MB" }], "0.maxBodyBytes"],
  ])("refuses: %s", ([, input, path]) => {
    const result = sourcesConfig.safeParse(input);
    expect(result.error?.issues.map((issue) => issue.path.join("."))).toContain(path);
  });
});
