import { describe, expect, test } from "vitest";
import { storeConfig } from "../../src/store/store-config.ts";

const day = 86_400_000;

describe("storeConfig", () => {
  test("is embedded unless it says otherwise", () => {
    expect(storeConfig.parse(undefined)).toEqual({
      type: "embedded",
      retention: {
        detections: 400 * day,
        minutes: 90 * day,
        rejected: 7 * day,
        limited: 30 * day,
        accessEvents: "off",
      },
      journalBytes: 256 * 1024 ** 2,
      maxUnwrittenRows: 200_000,
    });
  });

  test("reads a server, and keeps the defaults of what is not said", () => {
    const config = storeConfig.parse({
      type: "server",
      url: "https://clickhouse:8443",
      retention: { accessEvents: "3d" },
    });
    expect(config).toMatchObject({ username: "default", password: "", database: "gatewatch" });
    expect(config.retention).toMatchObject({ accessEvents: 3 * day, minutes: 90 * day });
  });

  test.for([
    ["an unknown type", { type: "postgres" }],
    ["a server without its address", { type: "server" }],
    ["another protocol", { type: "server", url: "tcp://clickhouse:9000" }],
    ["a database name that would need quotes", { type: "server", url: "http://c:8123", database: "a; DROP" }],
    ["a server's key on the embedded store", { type: "embedded", url: "http://c:8123" }],
    ["a misspelt key", { type: "embedded", retenshun: {} }],
    ["a time span without a unit", { type: "embedded", retention: { minutes: "90" } }],
    ["a time span too short to be meant", { type: "embedded", retention: { minutes: "1s" } }],
    ["a time span that ends beyond ClickHouse's times", { type: "embedded", retention: { minutes: "36500d" } }],
    ["the same of single requests", { type: "embedded", retention: { accessEvents: "36500d" } }],
    ["a journal too small to hold a row", { type: "embedded", journalBytes: "10B" }],
    ["no room for rows at all", { type: "embedded", maxUnwrittenRows: 0 }],
  ] as const)("refuses %s", ([, config]) => {
    expect(storeConfig.safeParse(config).success).toBe(false);
  });
});
