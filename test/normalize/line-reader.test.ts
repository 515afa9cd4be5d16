import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseKeyPath, valueAt } from "../../src/normalize/key-path.ts";
import { LineReader } from "../../src/normalize/line-reader.ts";
import type { JsonRecord } from "../../src/normalize/log-format.ts";

const template = '{"a":"x","status":200,"took":0.054,"b":""}';
const flat = ["a", "status", "took", "b"];

function readerOf(line: string, paths: readonly string[] = flat): LineReader {
  const reader = new LineReader(paths.map(parseKeyPath));
  reader.learn(line);
  return reader;
}

/** The parts that are read, as the reader gives them or as `JSON.parse` does. */
function partsOf(record: JsonRecord | undefined, paths: readonly string[]): Record<string, unknown> | undefined {
  return record && Object.fromEntries(paths.map((path) => [path, valueAt(record, parseKeyPath(path))]));
}

describe("a line of the learned shape is read as JSON.parse reads it", () => {
  test.for([
    ["other values", '{"a":"ünï, \'y\' {}:","status":-0.5,"took":12345678901,"b":"z"}'],
    ["escapes", String.raw`{"a":"\" \\ \/ \b\f\n\r\t A 😀","status":0,"took":-0,"b":"\\"}`],
    ["long and small numbers", '{"a":"","status":1787390047412000001,"took":0.1234567890123456789,"b":""}'],
    ["exponents", '{"a":"","status":2e2,"took":1.5E-3,"b":""}'],
    ["text in two-byte characters", '{"a":"Ģ,\\"status\\":500","status":200,"took":1,"b":"日本"}'],
    ["null", '{"a":"x","status":null,"took":1,"b":""}'],
    ["true and false", '{"a":"x","status":true,"took":false,"b":""}'],
  ] as const)("%s", ([, line]) => {
    expect(partsOf(readerOf(template).read(line), flat)).toEqual(partsOf(JSON.parse(line) as JsonRecord, flat));
  });
});

describe("a line of another shape is left to JSON.parse", () => {
  test.for([
    ["another key of the same length", '{"a":"x","statis":200,"took":0.054,"b":""}'],
    ["another order", '{"status":200,"a":"x","took":0.054,"b":""}'],
    ["one key more", '{"a":"x","status":200,"took":0.054,"b":"","c":1}'],
    ["one key less", '{"a":"x","status":200,"took":0.054}'],
    ["text instead of a number", '{"a":"x","status":"200","took":0.054,"b":""}'],
    ["an object instead of a text", '{"a":{},"status":200,"took":0.054,"b":""}'],
    ["no number", '{"a":"x","status":,"took":0.054,"b":""}'],
    ["a number with a zero ahead", '{"a":"x","status":0200,"took":0.054,"b":""}'],
    ["a number that ends in a point", '{"a":"x","status":200.,"took":0.054,"b":""}'],
    ["an escape that JSON does not have", String.raw`{"a":"\x22","status":200,"took":0.054,"b":""}`],
    ["a raw control character", '{"a":"\u0001","status":200,"took":0.054,"b":""}'],
    ["a space", '{"a":"x", "status":200,"took":0.054,"b":""}'],
    ["a comma at the end", '{"a":"x","status":200,"took":0.054,"b":"",}'],
    ["more after the end", '{"a":"x","status":200,"took":0.054,"b":""}{}'],
    ["a line break at the end", `${template}\n`],
    ["a line cut short", template.slice(0, 20)],
    ["a line of 100,000 characters", template.replace("x", "x".repeat(100_000))],
    ["nothing", ""],
  ] as const)("%s", ([, line]) => {
    expect(readerOf(template).read(line)).toBeUndefined();
  });
});

describe("what lines differ in is learned", () => {
  const paths = ["a", "b", "in.x", "in.y", "list", "all"];
  test.for([
    ["keys that some lack", ['{"a":1,"b":2}', '{"b":2}', '{"a":1}'], '{}'],
    ["keys in front, between and behind", ['{"b":2}', '{"a":1,"b":2}', '{"b":2,"c":3}'], '{"a":5,"b":6,"c":7}'],
    ["another order", ['{"a":1,"b":2}', '{"b":1,"a":2}'], '{"b":3,"a":4}'],
    ["null for an object", ['{"in":{"x":1}}', '{"in":null}'], '{"in":{"x":2}}'],
    ["a text for an object", ['{"in":{"x":1}}', '{"in":"none"}'], '{"in":"x"}'],
    ["objects that nobody looks into", ['{"z":{"q":[1,{"r":"}"}]},"a":1}'], '{"z":{"q":[]},"a":2}'],
    ["headers in any order", ['{"in":{"x":"1","y":"2"}}', '{"in":{"y":"1","x":"2"}}'], '{"in":{"z":"0","y":"3","x":"4"}}'],
    ["a doubled header: the last counts", ['{"in":{"x":"1","y":"2"}}', '{"in":{"y":"1","x":"2"}}'], '{"in":{"x":"3","y":"4","x":"5"}}'],
    ["a header whose value looks like a key", ['{"in":{"x":"1","y":"2"}}', '{"in":{"y":"1","x":"2"}}'], String.raw`{"in":{"y":"\"x\":\"9\",","x":"x"}}`],
    ["lists", ['{"list":["p"],"a":1}'], '{"list":["q",[1],{"r":null}],"a":2}'],
    ["a list of texts", ['{"list":["p"],"a":1}'], '{"list":["q","","],[",":"],"a":2}'],
    ["a list of one text, and of none", ['{"list":["p"],"a":["x"]}'], '{"list":[""],"a":[]}'],
    ["a list of texts with escapes", ['{"list":["p"],"a":1}'], String.raw`{"list":["\",\"","\\"],"a":2}`],
    ["an object that is read as a whole", ['{"all":{"k":1}}'], '{"all":{"l":"m","n":[2]}}'],
    ["spaces as Python writes them", ['{"a": 1, "b": "x"}'], '{"a": 2, "b": "y, \\"b\\": z"}'],
  ] as const)("%s", ([, lines, line]) => {
    const reader = new LineReader(paths.map(parseKeyPath));
    for (const known of lines) reader.learn(known);
    for (const one of [line, ...lines]) {
      expect(partsOf(reader.read(one), paths)).toEqual(partsOf(JSON.parse(one) as JsonRecord, paths));
    }
  }); // prettier-ignore
});

test("an array of objects is read element by element, or not at all", () => {
  const reader = readerOf(template);
  const lines = [template, template.replace("x", "y"), template.replace("200", "401")];
  expect(reader.readArray(`[${lines.join(",")}]`)).toBe(3);
  expect([0, 1, 2].map((i) => partsOf(reader.element(i), flat))).toEqual(
    lines.map((line) => JSON.parse(line) as object),
  );
  expect(reader.elementText(1)).toBe(lines[1]);
  const broken = [
    `[${template},]`,
    `[${template}`,
    `[${template},1]`,
    `[${template} ]`,
    "[]",
    template,
    `[${template}]]`,
  ];
  for (const text of broken) expect([text, reader.readArray(text)]).toEqual([text, 0]);
});

test.for([
  ["spaces of its own", '{ "a":1 }'],
  ["a key twice", '{"a":1,"a":2}'],
  ["an escape in a key", String.raw`{"\u0061":1}`],
  ["objects too deep", '{"in":{"in":{"in":{"in":{"in":{"in":{"in":{"x":1}}}}}}}}'],
] as const)("no shape is learned from a line with %s", ([, line]) => {
  expect(readerOf(line, ["a", "in.in.in.in.in.in.in.x"]).read(line)).toBeUndefined();
});

test("after 64 shapes no more are learned for a long while", () => {
  const reader = new LineReader([["a"]]);
  for (let i = 0; i < 64; i++) reader.learn(`{"k${i}":1}`);
  expect(reader.isLearning()).toBe(false);
  reader.learn('{"new":1}');
  expect(reader.read('{"new":1}')).toBeUndefined();
  for (let i = 0; i < 64_000; i++) reader.isLearning();
  reader.learn('{"new":1}');
  expect(reader.read('{"new":1}')).toBeDefined();
});

const key = fc.constantFrom("a", "b", "in", "x", "k-1", 'q"', "::.*+?^$");
const leaf = fc.oneof(fc.string({ unit: "binary" }), fc.double(), fc.integer(), fc.constantFrom(null, true, false, ""));
const value = fc.oneof(leaf, fc.array(leaf, { maxLength: 3 }), fc.dictionary(key, leaf, { maxKeys: 5 }));
const objects = fc.array(fc.dictionary(key, value, { maxKeys: 6 }), { minLength: 1, maxLength: 12 });

test("whatever was learned, a line that is read is read as JSON.parse reads it", () => {
  const paths = ["a", "b", "in.a", "in.x", "x", "k-1"];
  let read = 0;
  fc.assert(
    fc.property(objects, (all) => {
      const reader = new LineReader(paths.map(parseKeyPath));
      const lines = all.map((object) => JSON.stringify(object));
      const known = [...lines, ...lines].flatMap((line) => {
        const record = partsOf(reader.read(line), paths);
        if (record === undefined) reader.learn(line);
        return record ? [{ record, whole: partsOf(JSON.parse(line) as JsonRecord, paths) }] : [];
      });
      read += known.length;
      expect(known.map(({ record }) => record)).toEqual(known.map(({ whole }) => whole));
    }),
    { numRuns: 500 },
  );
  // Or the property would hold of a reader that reads nothing.
  expect(read).toBeGreaterThan(1000);
});

test("a line that does not fit takes no longer than its length asks for", () => {
  const reader = readerOf('{"list":[{"a":"x"}],"a":"x","b":{"c":["y"]}}', ["a", "list"]);
  const timeOf = (length: number) => {
    const line = `{"list":[${'{"a":"\\\\\\""},'.repeat(length / 12)}],"a":"${'\\"'.repeat(length / 2)}`.slice(
      0,
      65_000,
    );
    const start = process.hrtime.bigint();
    for (let i = 0; i < 20; i++) expect(reader.read(line)).toBeUndefined();
    return Number(process.hrtime.bigint() - start);
  };
  timeOf(1_000);
  expect(timeOf(60_000)).toBeLessThan(100 * Math.max(timeOf(6_000), 1_000_000));
});
