import { describe, expect, test } from "vitest";
import { proxiesConfig } from "../../src/normalize/proxies-config.ts";
import { unwrapRecord } from "../../src/normalize/unwrap-record.ts";
import { envelopeCases } from "../support/envelope-cases.ts";
import { describedFormats, formatCases } from "../support/format-cases.ts";
import { plantedSecrets, secretsIn, secretTargets, secretTexts } from "../support/planted-secrets.ts";
import { aNormalizer, normalizeAll } from "../support/normalizing.ts";

const proxies = proxiesConfig.parse({ trusted: ["10.0.0.0/8"] });
const reader = () => aNormalizer({ proxies, formats: describedFormats });

describe.each(envelopeCases)("$name", ({ envelopes, carries, wrap }) => {
  const fits = formatCases.filter(({ format, records }) => {
    const isOtlp = records[0]?.includes('"otlp.') ?? false;
    return carries === "otlp" ? isOtlp : !isOtlp && (carries === "lines" || format.kind === "json");
  });

  test.for(fits.map(({ id, records }) => [id, records] as const))("%s", ([id, records]) => {
    // Not every golden record is an object by itself, and only objects can stand inside of JSON as they are.
    const inner = carries === "lines" ? records : records.filter(isObject);
    const plain = normalizeAll(reader(), inner);
    const normalizer = reader();
    const wrapped = normalizeAll(normalizer, inner.map(wrap));
    expect(wrapped.events).toEqual(plain.events);
    expect(wrapped.offsets).toEqual(plain.offsets);
    expect(wrapped.rejected.map(({ offset }) => offset)).toEqual(plain.rejected.map(({ offset }) => offset));
    expect(normalizer.formatOf("edge")).toBe(id);
    expect(plain.events.length).toBeGreaterThan(0);
  });

  test("planted secrets are in no event and in no rejected record, whole or broken", () => {
    const [{ id, format, records }] = fits as [(typeof fits)[0]];
    const first = records[0] as string;
    const planted = [
      ...secretTargets.map((target) => first.replaceAll("/v1/login", target)),
      ...secretTexts.map((text) => first.replaceAll("python-requests/2.32", text)),
      ...(format.kind === "json" ? [withSecretKeys(first)] : []),
    ];
    const found = planted.flatMap((record) => {
      const whole = wrap(record);
      const half = whole.slice(0, whole.length / 2);
      // Read as what it is, as another format, and where no format is known: in pieces that nobody understands.
      const readers = [id, "kong", "haproxy-http", "auto"].map((name) =>
        aNormalizer({ format: name, formats: describedFormats }),
      );
      const pieces = [whole, half, whole.slice(0, -3), typeof whole === "string" ? `x${whole}` : whole.slice(3)];
      const results = readers.flatMap((normalizer) => pieces.map((piece) => normalizeAll(normalizer, [piece])));
      const left = results.flatMap(({ events, rejected }) => secretsIn(JSON.stringify([events, rejected])));
      return left.length > 0 ? [{ record, left: [...new Set(left)] }] : [];
    });
    expect(found).toEqual([]);
  });

  test("is told by name", () => {
    const [{ format, records }] = fits as [(typeof fits)[0]];
    const seen: unknown[] = [];
    unwrapRecord(wrap(records[0] as string), {
      isRecord: (object) => format.kind === "json" && format.matches(object) > 0,
      isLine: () => true,
      line: () => false,
      entry: (_, origin) => void seen.push(origin.envelopes),
      reject: (...rejection) => void seen.push(rejection),
    });
    expect(seen).toEqual([envelopes[0] === "ndjson" ? [] : envelopes]);
  });
});

// helpers

function withSecretKeys(record: string): string {
  const s = plantedSecrets;
  const loose = { authorization: `Bearer ${s.jwt}`, cookie: s.cookie, password: s.password, set: s.basic };
  return JSON.stringify({ ...loose, ...(JSON.parse(record) as object) });
}

function isObject(record: string): boolean {
  try {
    return !Array.isArray(JSON.parse(record));
  } catch {
    return false;
  }
}
