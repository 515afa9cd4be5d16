import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { ActiveDetector } from "../../src/detect/plan.ts";
import { EntryReader } from "../../src/cli/explained-entries.ts";
import { EventExplainer } from "../../src/cli/explain-event.ts";
import type { ExplainedSource } from "../../src/cli/explain-source.ts";
import { explainText } from "../../src/cli/explain-text.ts";
import { customFormat } from "../../src/normalize/custom-format.ts";
import { endpointsConfig } from "../../src/normalize/endpoint-config.ts";
import { formatList } from "../../src/normalize/format-list.ts";
import { shopEvent } from "../../src/normalize/formats/shop-event.ts";
import { privacyConfig, redactConfig } from "../../src/normalize/normalize-config.ts";
import { proxiesConfig } from "../../src/normalize/proxies-config.ts";
import { loadTrustedNetworks } from "../../src/normalize/trusted-networks.ts";
import type { RawBatch } from "../../src/source/raw-batch.ts";
import { envelopeCases } from "../support/envelope-cases.ts";
import { explainedAsJson } from "../support/explaining.ts";
import { describedFormats, formatCases } from "../support/format-cases.ts";
import { aNormalizer, arrivedAt, normalizeAll } from "../support/normalizing.ts";
import { plantedSecrets, secretsIn, secretTargets, secretTexts } from "../support/planted-secrets.ts";

const trusted = ["10.0.0.0/8", "cloudflare"];
const proxies = proxiesConfig.parse({ trusted });
const networks = await loadTrustedNetworks(trusted, "/no/such/folder");
const endpoints = endpointsConfig.parse([
  { method: "GET", route: "/v1/products/{id}", class: "catalog" },
  { method: "POST", route: "/v1/login", class: "login", outcome: [{ when: { status: [401] }, is: "failed" }] },
]);
const rules = { endpoints, proxies, trusted: networks.prefixes };
const candidates = [
  ...Object.entries(describedFormats).map(([name, config]) => customFormat(name, config)),
  ...formatList,
];
const source: ExplainedSource = {
  ...{ name: "edge", gateway: "edge", format: "auto", timeZone: "UTC", trustClientIp: false },
  ...{ maxRecordBytes: 2 ** 20, isConfigured: true, formatNamedBy: undefined },
};

const aReader = () => {
  const normalizer = aNormalizer({ ...rules, formats: describedFormats });
  return new EntryReader(normalizer, { candidates, isNamed: false });
};
const anExplainer = (detectors: readonly ActiveDetector[] = []) => {
  const settings = { redact: redactConfig.parse({}), privacy: privacyConfig.parse({}), geo: undefined };
  return new EventExplainer({ rules: { ...rules, ...settings }, networks, source, detectors });
};

/** Whatever an entry is read from: as the normalizer reads it. */
function expectSame(records: readonly (string | Uint8Array)[]) {
  const entries = aReader().read(batchOf(records));
  const normalized = normalizeAll(aNormalizer({ ...rules, formats: describedFormats }), records);
  const events = entries.filter(({ event }) => event !== undefined);
  const rejected = entries.filter(({ event }) => event === undefined);
  expect(events.map(({ event }) => event)).toEqual(normalized.events);
  expect(events.map(({ offset, index }) => [offset, index])).toEqual(
    normalized.offsets.map((offset, i) => [offset, normalized.indexes[i]]),
  );
  const told = rejected.map(({ offset, index, ...entry }) => ({ offset, index, ...entry.rejected }));
  expect(told).toMatchObject(normalized.rejected.map(({ offset, index, reason }) => ({ offset, index, reason })));
  return entries;
}

describe.each(formatCases)("$id", ({ id, format, records }) => {
  test.runIf(formatList.includes(format))("--json has the normalizer's own events", async () => {
    const config = `
proxies: { trusted: [10.0.0.0/8, cloudflare] }
endpoints:
  - { method: GET, route: "/v1/products/{id}", class: catalog }
  - { method: POST, route: /v1/login, class: login, outcome: [{ when: { status: [401] }, is: failed }] }
geo: { database: none }
`;
    const { lines } = await explainedAsJson({ config, stdin: [records.join("\n")] });
    const sources = new Map([["edge", { gateway: "log", format: "auto" }]]);
    const normalized = normalizeAll(aNormalizer({ ...rules, sources }), records);
    const events = lines.flatMap(({ event }) => (event === null ? [] : [event]));
    expect(events).toEqual(JSON.parse(JSON.stringify(normalized.events)));
    const rejected = lines.flatMap((line) => (line.rejected === null ? [] : [line.rejected]));
    expect(rejected).toEqual(normalized.rejected.map(({ reason, detail }) => ({ reason, detail })));
    for (const line of lines) {
      expect(Object.keys(line)).toEqual(["format", "envelopes", "event", "rejected"]);
      expect(line.event === null).toBe(line.rejected !== null);
    }
    expect(lines[0]?.format).toBe(id);
  });

  test("inside every envelope", () => {
    for (const { envelopes, carries, wrap } of envelopeCases) {
      const isOtlp = records[0]?.includes('"otlp.') ?? false;
      const fits = carries === "otlp" ? isOtlp : !isOtlp && (carries === "lines" || format.kind === "json");
      if (!fits) continue;
      const inner = records.filter((record) => carries === "lines" || isObject(record));
      const [plain] = aReader().read(batchOf(inner));
      const [entry] = expectSame(inner.map(wrap));
      const outer = envelopes[0] === "ndjson" ? [] : envelopes;
      expect(entry).toMatchObject({ envelopes: [...outer, ...plain!.envelopes], format: { id } });
    }
  });

  test("each field that an event has is from somewhere, and what explains it agrees with it", () => {
    const explainer = anExplainer();
    const entries = expectSame(records);
    const all = entries.map((entry) => explainer.explain(entry, arrivedAt));
    expect(all.map((explained) => explained?.event)).toEqual(entries.map(({ event }) => event));
    for (const explained of all) {
      const { event, fields = [], client } = explained ?? {};
      const present = Object.entries(event ?? {}).filter(([, value]) => value !== undefined);
      expect(fields.map(({ field, value }) => [field, value])).toEqual(present);
      expect(fields.filter(({ from }) => !/^[\w$%@:]/.test(from) || from.includes("undefined"))).toEqual([]);
      // A shop event's client is what the application says.
      expect(event?.origin === "shop" ? event.clientIpTrust : client?.trust).toBe(event?.clientIpTrust);
    }
  });

  test("planted secrets are not told", () => {
    const [first = ""] = records;
    const planted = [
      ...secretTargets.map((target) => first.replaceAll("/v1/login", target)),
      ...secretTexts.map((text) => first.replaceAll("python-requests/2.32", text)),
      ...(format.kind === "json" ? [withSecretKeys(first)] : []),
    ];
    const records_ = [...planted, ...planted.map((record) => record.slice(0, -2))];
    for (const record of records_)
      expect({ record, secrets: secretsIn(textOf([record])) }).toEqual({ record, secrets: [] });
  });
});

describe("several formats in one source", () => {
  const of = (format: string) => formatCases.find(({ id }) => id === format)!.records[0]!;
  const many = (format: string, count: number) => Array.from({ length: count }, () => of(format));

  test.for([
    ["a format that changes", [...many("nginx-json", 25), ...many("kong", 30), ...many("nginx-json", 5)]],
    ["one that changes inside a record", [...many("nginx-json", 25), `[${many("kong", 30).join(",")}]`, of("kong")]],
    ["from text to JSON", [...many("nginx-combined", 25), ...many("caddy", 30)]],
    ["shop events among requests", [of("kong"), of("shop-event"), of("kong"), '{"event":"login.failed"}']],
    ["shop events first", [...many("shop-event", 3), ...many("kong", 3)]],
    ["garbage first", ["x", '{"a":1}', ...many("kong", 2)]],
  ] as const)("%s", ([, records]) => {
    const entries = expectSame(records);
    // What it says it was read as is what read it.
    for (const { event, format, sample } of entries.filter((entry) => entry.event !== undefined)) {
      expect(format!.matches(sample as never)).toBeGreaterThan(0.4);
      expect(format === shopEvent).toBe(event!.origin === "shop");
    }
  });
});

describe("hostile records", () => {
  test("any text is told in text that moves no cursor, and reads the same in JSON", () => {
    const known = fc.constantFrom(...formatCases.flatMap(({ records }) => records));
    const odd = fc.string({ unit: "binary", maxLength: 60 });
    const mixed = fc
      .tuple(known, fc.nat(), odd)
      .map(([record, at, text]) => record.slice(0, at % record.length) + text + record.slice(at % record.length));
    const inJson = fc
      .tuple(known, odd)
      .map(([record, text]) => record.replaceAll("/v1/login", JSON.stringify(text).slice(1, -1)));
    fc.assert(
      fc.property(fc.array(fc.oneof(odd, mixed, inJson), { minLength: 1, maxLength: 4 }), (records) => {
        expectSame(records);
        expectHarmless(textOf(records));
      }),
      { numRuns: 300 },
    );
  });

  test.for([
    ["a megabyte in a path", formatCases[3]!.records[0]!.replaceAll("/v1/login", `/${"a".repeat(2 ** 20)}`)],
    [
      "a megabyte of hops",
      formatCases[3]!.records[0]!.replace(/"remote_addr":"[^"]*"/, `"remote_addr":"10.0.0.1"`).replace(
        /"xff":"[^"]*"/,
        `"xff":"${"10.0.0.1,".repeat(2 ** 17)}"`,
      ),
    ],
    [
      "a megabyte of keys",
      JSON.stringify(Object.fromEntries(Array.from({ length: 50_000 }, (_, i) => [`k\u001b${i}`, i]))),
    ],
    ["a megabyte without an end", "(".repeat(2 ** 20)],
  ] as const)("%s", ([, record]) => {
    const began = performance.now();
    const text = textOf([record]);
    expect(performance.now() - began).toBeLessThan(5_000);
    expectHarmless(text);
    expect(text.length).toBeLessThan(20_000);
  });
});

// helpers

function batchOf(records: readonly (string | Uint8Array)[]): RawBatch {
  return {
    ...{ source: "edge", partition: "edge:access/0", records, offsets: records.map((_, i) => i) },
    ...{ refused: [], next: records.length, receivedAt: arrivedAt },
  };
}

/** What people are shown. */
function textOf(records: readonly string[]): string {
  const explainer = anExplainer();
  return aReader()
    .read(batchOf(records))
    .map((entry) => {
      const explained = explainer.explain(entry, arrivedAt);
      return explainText({ record: 1, entry, explained, candidates, source });
    })
    .join("\n");
}

function expectHarmless(text: string): void {
  expect(text).not.toMatch(/[^\P{Cc}\n]|[\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
}

function isObject(record: string): boolean {
  try {
    return !Array.isArray(JSON.parse(record));
  } catch {
    return false;
  }
}

/** Secrets under keys that nobody reads, as names of keys, and in what the application adds. */
function withSecretKeys(record: string): string {
  const s = plantedSecrets;
  const attributes = { accessToken: s.querySecret, newPassword: s.password, [s.jwt]: "x", promo: s.stripeKey };
  const loose = {
    authorization: `Bearer ${s.jwt}`,
    cookie: s.cookie,
    [s.resetToken]: 1,
    [`password=${s.password}`]: 2,
  };
  const forwarded = { xff: `${s.jwt}, token=${s.querySecret}`, user_id: s.card, session: s.jwt };
  return JSON.stringify({ ...(JSON.parse(record) as object), ...loose, ...forwarded, attributes });
}
