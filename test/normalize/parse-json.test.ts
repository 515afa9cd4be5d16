import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseJson } from "../../src/normalize/parse-json.ts";

describe("what gateways write that is almost JSON", () => {
  test.for([
    ["a variable without a value", '{"a":,"b":1}', { a: null, b: 1 }],
    ["the last one, too", '{"a":1,"b":}', { a: 1 }],
    ["with blanks", '{ "a" : , "b" : 1 }', { a: null, b: 1 }],
    ["a minus for a number", '{"clientPort":-,"b":{"c":-}}', { clientPort: null, b: { c: null } }],
    ["a list of times after retries", '{"t":0.001, 0.051,"s":502, 200}', { t: "0.001, 0.051", s: "502, 200" }],
    ["a list with what was not reached", '{"t":-, 0.051 : 0.002}', { t: "-, 0.051 : 0.002" }],
    ["quotes as nginx escapes them", String.raw`{"ua":"a\x22b\x5C","x":"\xC3\xA9\n"}`, { ua: 'a"b\\', x: "é\n" }],
    ["a control character", String.raw`{"ua":"\x00\x0A"}`, { ua: "\u0000\n" }],
    ["two faults in one", String.raw`{"a":,"b":"\x41"}`, { a: null, b: "A" }],
    ["an array of such", '[{"a":,"b":2}]', [{ a: null, b: 2 }]],
  ] as const)("%s", ([, text, value]) => expect(parseJson(text)).toMatchObject(value)); // prettier-ignore

  test.for([
    ["texts that look like it", String.raw`{"a":":,","b":"\":-}","c":"\\xZZ 1, 2","d":,"e":"\\x41"}`, { a: ":,", b: '":-}', c: "\\xZZ 1, 2", d: null, e: "\\x41" }],
    ["numbers that are right", '{"a":-1,"b":1e3,"c":0.5,"d":,"e":-0.25E-2}', { a: -1, b: 1000, c: 0.5, d: null, e: -0.0025 }],
  ] as const)("but not %s", ([, text, value]) => expect(parseJson(text)).toEqual(value)); // prettier-ignore

  test.for(['{"a":', '{"a":1', '{"a":1,}', "{a:1}", '{"a":tru}', '{"a":01}x', '{"a":"\\x4"}', "", "x", '{"a":1 2}'])(
    "%s is none",
    (text) => expect(parseJson(text)).toBeUndefined(),
  );
});

test("JSON is what JSON.parse says", () => {
  fc.assert(
    fc.property(fc.json(), (text) => {
      expect(parseJson(text)).toEqual(JSON.parse(text));
    }),
  );
});

test("whatever the text, it never throws, and what is mended keeps its other values", () => {
  const name = fc.string({ unit: "grapheme" }).filter((text) => text !== "__proto__" && text !== "missing");
  fc.assert(
    fc.property(
      fc.dictionary(name, fc.oneof(fc.string({ unit: "binary" }), fc.integer())),
      fc.string(),
      (rest, junk) => {
        const text = JSON.stringify(rest);
        expect(parseJson(`{"missing":${text === "{}" ? "" : ","}${text.slice(1)}`)).toEqual({ ...rest, missing: null });
        parseJson(text.slice(0, junk.length) + junk + text.slice(junk.length));
      },
    ),
  );
});
