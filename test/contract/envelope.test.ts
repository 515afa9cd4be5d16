import { describe, expect, test } from "vitest";
import { proxiesConfig } from "../../src/normalize/proxies-config.ts";
import { unwrapRecord } from "../../src/normalize/unwrap-record.ts";
import { envelopeCases } from "../support/envelope-cases.ts";
import { describedFormats, formatCases } from "../support/format-cases.ts";
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

function isObject(record: string): boolean {
  try {
    return !Array.isArray(JSON.parse(record));
  } catch {
    return false;
  }
}
