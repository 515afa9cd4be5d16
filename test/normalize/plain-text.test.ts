import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cleanIdentifier, createIdentifierCleaner } from "../../src/normalize/plain-text.ts";
import { createPlainIdentifierTest } from "../../src/normalize/plain-identifier.ts";
import { looksSecret, redactText } from "../../src/normalize/redact-text.ts";

const clean = createIdentifierCleaner();
const uuid = "6a1f0f5e-5f3d-4a38-9f0c-2f2b8c0f7a11";

describe("identifiers of requests", () => {
  test.for([
    ["a UUID", uuid],
    ["a UUID of many digits", "61180452-5132-4138-9102-252083017211"],
    ["hexadecimal", "5d0c2f6a9c1e4b7f8a3d6e2b1c0f9a87"],
    ["AWS API Gateway's", "Fg3kHGYXoAMEkqg="],
    ["CloudFront's", "k6WGMNkEzR5BEM_SaF47gjtX9zBDO2m349OY2an0QPEaUum1ZOLrow=="],
    ["Cloudflare's", "8f1c2d3e4a5b6c7d-GRU"],
  ])("%s stays as it is", ([, id = ""]) => {
    expect([clean(id), cleanIdentifier(id)]).toEqual([id, id]);
  });

  test.for([
    ["a card's number", "4111111111111111", "{card}"],
    ["a card's number in groups", "order_4111-1111-1111-1111", "order_{card}"],
    ["a key", "sk_live_4eC39HqLyjWDarjtT1zdp7dc", "{token}"],
    ["a key behind a dash", "req-sk_live_4eC39HqLyjWDarjtT1zdp7dc", "req-{token}"],
    ["a key behind an underscore", "id_AKIAIOSFODNN7EXAMPLE", "id_{token}"],
    ["a pair", "id?token=hunter2hunter2", "id?{cut}"],
  ])("%s is cut", ([, id = "", cut]) => {
    expect([clean(id), cleanIdentifier(id)]).toEqual([cut, cut]);
  });

  test("the short way gives what the long one gives", () => {
    const parts = fc.constantFrom(
      "-",
      "_",
      "4111111111111111",
      "4111-1111",
      "eyJhbGciOi",
      "sk_",
      "AKIAIOSFODNN7EXAMPLE",
      ".",
      "ya29.abcdefghijklmnopqrstu",
      "SG.abcdefghijklmnopq.abcdefghijklmnopq",
      uuid,
    );
    const id = fc
      .array(fc.oneof(parts, fc.stringMatching(/^[\w-]{0,12}$/)), { maxLength: 6 })
      .map((all) => all.join(""));
    fc.assert(
      fc.property(id, (id) => {
        fc.pre(id.length <= 128);
        expect([clean(id), cleanIdentifier(id)]).toEqual([redactText(id), redactText(id)]);
      }),
      { numRuns: 2000 },
    );
  });

  test("whatever the characters, the quickest way gives what the others give", () => {
    const parts = fc.constantFrom("é".repeat(64), "\ud800", "ey", "sk_", "-", "=", "41111111111", "日本", "\u0000");
    const id = fc.array(
      fc.oneof(parts, fc.string({ unit: "binary", maxLength: 8 }), fc.stringMatching(/^[\w-]{0,40}$/)),
    );
    fc.assert(
      fc.property(
        id.map((all) => all.join("")),
        (id) => {
          expect(clean(id)).toBe(cleanIdentifier(id));
        },
      ),
      { numRuns: 2000 },
    );
  });
});

test("a name that is told plain at a glance is one in which nothing would be cut", () => {
  const isPlain = createPlainIdentifierTest();
  const parts = fc.constantFrom(
    "-",
    ".",
    "41111111111",
    "1",
    "eyJhbGciOi",
    "sk_live_abcdef",
    "AKIAIOSFODNN7",
    "ya29.",
    "SG.",
  );
  const name = fc.array(fc.oneof(parts, fc.stringMatching(/^[\w.-]{0,20}$/)), { maxLength: 5 });
  let count = 0;
  fc.assert(
    fc.property(name, (all) => {
      const text = all.join("");
      if (!isPlain(text)) return;
      count++;
      expect(redactText(text)).toBe(text);
      expect(text.length < 20 && looksSecret(text)).toBe(false);
    }),
    { numRuns: 5_000 },
  );
  expect(count).toBeGreaterThan(1_000);
});
