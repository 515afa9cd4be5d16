import { readdirSync } from "node:fs";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { AccessEvent, EventField } from "../../src/normalize/access-event.ts";
import { Draft } from "../../src/normalize/draft.ts";
import { parseKeyPath } from "../../src/normalize/key-path.ts";
import { LineReader } from "../../src/normalize/line-reader.ts";
import type { JsonFormat, JsonRecord } from "../../src/normalize/log-format.ts";
import { providedFields } from "../../src/normalize/provided-fields.ts";
import { proxiesConfig } from "../../src/normalize/proxies-config.ts";
import { type RecordVisitor, unwrapRecord } from "../../src/normalize/unwrap-record.ts";
import { aNormalizer, normalizeAll } from "../support/normalizing.ts";
import { expectedFile, formatCases, describedFormats } from "../support/format-cases.ts";
import { plantedSecrets, secretsIn, secretTargets, secretTexts } from "../support/planted-secrets.ts";

const proxies = proxiesConfig.parse({ trusted: ["10.0.0.0/8"] });
const reader = (format: string) => aNormalizer({ format, proxies, formats: describedFormats });

/** Formats whose times are whole seconds. */
const wholeSeconds = new Set(["apache-combined", "ingress-nginx", "nginx-combined", "traefik-clf"]);

/** Formats that tell the client by headers alone, which could be forged. */
const withoutPeer = new Set(["envoy-text", "traefik-clf"]);

const knownRequest = { method: "POST", path: "/v1/login", status: 401 };
/** What the application says of that request. */
const knownShopEvent = { method: "EVENT", path: "login.failed", status: 0 };

test("every file in formats/ is in the list of formats", () => {
  const files = readdirSync(new URL("../../src/normalize/formats/", import.meta.url));
  const known = formatCases.map(({ id }) => `${id === "shop-json" ? "custom-json" : id}.ts`);
  expect(known.toSorted()).toEqual(files.toSorted());
});

describe.each(formatCases)("$id", ({ id, format, records }) => {
  test("golden records give the expected events", async () => {
    const { events, offsets, rejected } = normalizeAll(reader(id), records);
    const read = events.map((event, i) => ({ record: offsets[i], event }));
    const refused = rejected.map(({ offset, reason, detail, format }) => ({ record: offset, reason, detail, format }));
    const all = [...read, ...refused].sort((a, b) => (a.record ?? 0) - (b.record ?? 0));
    await expect(`${JSON.stringify(all, undefined, 2)}\n`).toMatchFileSnapshot(expectedFile(id));
  });

  test("the first golden record is one known request, in milliseconds", () => {
    const [event] = normalizeAll(reader(id), records.slice(0, 1)).events;
    expect(event).toMatchObject(id === "shop-event" ? knownShopEvent : knownRequest);
    const isGuessed = id === "shop-event" || withoutPeer.has(id);
    expect(event?.clientIpTrust).toBe(isGuessed ? "guessed" : "certain");
    expect(event).toMatchObject({ clientIp: "198.51.100.23", endpointClass: "login", outcome: "failed" });
    const end = Date.parse("2026-08-22T09:14:07.466Z");
    const precision = wholeSeconds.has(id) ? 1000 : 1;
    expect(Math.floor((event?.time ?? 0) / precision)).toBe(Math.floor(end / precision));
    expect(event?.durationMs).toBe(providedFields(format).includes("durationMs") ? 54 : undefined);
    expect(event?.upstreamMs).toBe(providedFields(format).includes("upstreamMs") ? 51 : undefined);
  });

  test("is found by itself among all formats", () => {
    const normalizer = aNormalizer({ formats: describedFormats });
    normalizeAll(normalizer, records);
    expect(normalizer.formatOf("edge")).toBe(id);
  });

  test("fills no field that it does not declare", () => {
    const { events } = normalizeAll(reader(id), records);
    const filled = new Set(events.flatMap(filledFields));
    expect([...filled].filter((field) => !providedFields(format).includes(field))).toEqual([]);
  });

  test.runIf(format.kind === "json")("looks at nothing that its keys don't name", () => {
    const paths = Object.keys(format.keys).map((path) => parseKeyPath(path).join("\n"));
    for (const sample of objectsIn(records, format as JsonFormat)) {
      const seen = new Set<string>();
      (format as JsonFormat).read(watched(sample, seen), new Draft());
      // A part is declared, or lies on the way to one that is, or below one.
      const undeclared = [...seen].filter(
        (path) => !paths.some((key) => key === path || key.startsWith(`${path}\n`) || path.startsWith(`${key}\n`)),
      );
      expect(undeclared.map((path) => path.replaceAll("\n", " → "))).toEqual([]);
    }
  });

  test.runIf(format.kind === "json")("a line is read in the same way by the shape of lines before", () => {
    const lineReader = new LineReader(Object.keys(format.keys).map(parseKeyPath));
    const lines = objectsIn(records, format as JsonFormat).map((object) => JSON.stringify(object));
    for (const line of lines) lineReader.learn(line);
    // Not every shape is kept; the newest is.
    const known = lines.filter((line) => lineReader.read(line) !== undefined);
    expect(known).toContain(lines.at(-1));
    for (const line of known) {
      const [byShape, whole] = [lineReader.read(line), JSON.parse(line) as JsonRecord].map((record) => {
        const draft = new Draft();
        return { line, reason: record && (format as JsonFormat).read(record, draft), draft };
      });
      expect(byShape).toEqual(whole);
    }
  });

  test("mutated records are read or rejected, and never throw", () => {
    const record = fc.constantFrom(...records);
    const mutated = format.kind === "json" ? record.chain(mutatedJson) : record.chain(mutatedText);
    const normalizer = reader(id);
    fc.assert(
      fc.property(fc.array(mutated, { minLength: 1, maxLength: 5 }), (texts) => {
        const { events, rejected } = normalizeAll(normalizer, texts);
        expect(events.length + rejected.length).toBeGreaterThanOrEqual(texts.length);
        for (const event of events) expectSane(event);
        for (const { head } of rejected) expect(head.length).toBeLessThanOrEqual(300);
      }),
      { numRuns: 400 },
    );
  });

  test("planted secrets are in no event and in no rejected record", () => {
    const [first = ""] = records;
    const planted = [
      ...secretTargets.map((target) => first.replaceAll("/v1/login", target)),
      ...secretTexts.map((text) => first.replaceAll("python-requests/2.32", text)),
      ...(format.kind === "json" ? withSecretKeys(first) : []),
    ];
    const broken = planted.flatMap((record) => [record.slice(0, -2), record.slice(0, record.length / 2), `x${record}`]);
    for (const record of [...planted, ...broken]) {
      const { events, rejected } = normalizeAll(reader(id), [record]);
      // The record is in both, so that a failure shows which one it was.
      const left = { record, events: secretsIn(JSON.stringify(events)), rejected: secretsIn(JSON.stringify(rejected)) };
      expect(left).toEqual({ record, events: [], rejected: [] });
    }
  });
});

/** The log entries that are objects. */
function objectsIn(records: readonly string[], format: JsonFormat): JsonRecord[] {
  const samples: (JsonRecord | string)[] = [];
  const collect: RecordVisitor = {
    isRecord: (object) => format.matches(object) > 0,
    isLine: () => true,
    line: () => false,
    entry: (sample) => void samples.push(sample),
    reject() {},
  };
  for (const record of records) unwrapRecord(record, collect);
  return samples.filter((one) => typeof one === "object");
}

/** Fields that hold something; what every event has by itself is left out. */
function filledFields(event: AccessEvent): EventField[] {
  const empty: Partial<AccessEvent> = { answeredBy: "unknown", enforced: false, outcome: "unknown" };
  return (Object.keys(event) as EventField[]).filter(
    (field) => event[field] !== undefined && event[field] !== empty[field],
  );
}

/** The record, taking down what is looked at; a list counts as one value. */
function watched(record: JsonRecord, seen: Set<string>, above = ""): JsonRecord {
  return new Proxy(record, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key);
      if (typeof key === "symbol") return value;
      seen.add(above + key);
      const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
      return isObject ? watched(value as JsonRecord, seen, `${above + key}\n`) : value;
    },
  });
}

function expectSane(event: AccessEvent): void {
  expect(Number.isSafeInteger(event.time)).toBe(true);
  expect(event.time).toBeGreaterThanOrEqual(Date.UTC(2000, 0, 1));
  expect(event.status === 0 || (event.status >= 100 && event.status <= 999)).toBe(true);
  for (const ms of [event.durationMs, event.upstreamMs]) expect(ms ?? 0).toBeGreaterThanOrEqual(0);
  for (const value of [...Object.values(event), ...Object.values(event.attributes ?? {})]) {
    if (typeof value !== "string") continue;
    expect(value.length).toBeLessThanOrEqual(2048);
    // oxlint-disable-next-line no-control-regex -- that there are none is the point
    expect(value).not.toMatch(/[\u0000-\u001f\u007f]/);
  }
}

const oddValues = fc.oneof(
  fc.constantFrom(
    null,
    "",
    "-",
    -1,
    1e300,
    9e15,
    "1e9",
    Number.MAX_VALUE,
    true,
    {},
    [],
    "\u0000\u202e",
    "x".repeat(5000),
  ),
  fc.jsonValue(),
);

/** One value of the record, at any depth, becomes something else; or its text is cut. */
function mutatedJson(record: string): fc.Arbitrary<string> {
  const cut = fc.nat({ max: record.length }).map((end) => record.slice(0, end));
  const changed = fc.tuple(fc.nat(), oddValues).map(([at, odd]) => {
    let seen = 0;
    const target = at % (record.split(":").length + 1);
    return mended(record, (value: unknown) => (seen++ === target ? odd : value));
  });
  return fc.oneof(cut, changed, changed);
}

function mended(record: string, replace: (value: unknown) => unknown): string {
  try {
    return JSON.stringify(JSON.parse(record, (_, value: unknown) => replace(value))) ?? "null";
  } catch {
    return record;
  }
}

function mutatedText(record: string): fc.Arbitrary<string> {
  const at = fc.nat({ max: record.length });
  return fc.tuple(at, at, fc.string({ unit: "binary" })).map(([a, b, text]) => {
    return record.slice(0, Math.min(a, b)) + text + record.slice(Math.max(a, b));
  });
}

/** Secrets in keys that a gateway or an application may well log. */
function withSecretKeys(record: string): string[] {
  const s = plantedSecrets;
  const shop = {
    user_id: s.jwt,
    session: s.jwt,
    api_key: s.stripeKey,
    attributes: { note: `card ${s.cardWithDashes}`, accessToken: s.querySecret, promo: s.jwt, newPassword: s.password },
  };
  const loose = { authorization: `Bearer ${s.jwt}`, cookie: s.cookie, password: s.password, set: s.basic };
  const object = JSON.parse(record) as Record<string, unknown>;
  return [
    JSON.stringify({ ...object, ...shop }),
    JSON.stringify({ ...loose, ...object }),
    JSON.stringify({ ...loose, ...object, status: -5, response: { status: "x" }, response_code: -5, http: {} }),
    JSON.stringify({ ...object, user: s.jwt, promo: s.jwt, loginResult: s.card, user_id: s.card }),
  ];
}
