import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { JsonRecord } from "../../src/normalize/log-format.ts";
import { ShapeReader } from "../../src/normalize/shape-reader.ts";

const template = '{"a":"x","status":200,"took":0.054,"b":""}';

function readerOf(line: string): ShapeReader {
  const reader = new ShapeReader();
  reader.learn(line, JSON.parse(line) as JsonRecord);
  return reader;
}

test("a line of the learned shape is read as JSON.parse reads it", () => {
  const line = '{"a":"ünï, \'y\' {}:","status":-0.5,"took":12345678901,"b":"z"}';
  expect({ ...readerOf(template).read(line) }).toEqual(JSON.parse(line));
});

describe("a line of another shape is left to JSON.parse", () => {
  test.for([
    ["another key of the same length", '{"a":"x","statis":200,"took":0.054,"b":""}'],
    ["another order", '{"status":200,"a":"x","took":0.054,"b":""}'],
    ["one key more", '{"a":"x","status":200,"took":0.054,"b":"","c":1}'],
    ["one key less", '{"a":"x","status":200,"took":0.054}'],
    ["text instead of a number", '{"a":"x","status":"200","took":0.054,"b":""}'],
    ["null", '{"a":"x","status":null,"took":0.054,"b":""}'],
    ["no number", '{"a":"x","status":,"took":0.054,"b":""}'],
    ["a number with an exponent", '{"a":"x","status":2e2,"took":0.054,"b":""}'],
    ["a number with a zero ahead", '{"a":"x","status":0200,"took":0.054,"b":""}'],
    ["a number that ends in a point", '{"a":"x","status":200.,"took":0.054,"b":""}'],
    ["an escape", String.raw`{"a":"x\"","status":200,"took":0.054,"b":""}`],
    ["a space", '{"a":"x", "status":200,"took":0.054,"b":""}'],
    ["more after the end", '{"a":"x","status":200,"took":0.054,"b":""}{}'],
    ["a line break at the end", `${template}\n`],
    ["a line cut short", template.slice(0, 20)],
    ["nothing", ""],
  ] as const)("%s", ([, line]) => {
    expect(readerOf(template).read(line)).toBeUndefined();
  });
});

test.for([
  ["nested", '{"a":{"b":1}}'],
  ["true", '{"a":true}'],
  ["spaces", '{ "a":1 }'],
  ["an escape", String.raw`{"a":"\n"}`],
  ["a key twice", '{"a":1,"a":2}'],
  ["a key that is a number", '{"b":1,"1":2}'],
  ["a key that objects treat in their own way", '{"__proto__":"x"}'],
  ["nothing", "{}"],
] as const)("no shape is learned from a line with %s", ([, line]) => {
  expect(readerOf(line).read(line)).toBeUndefined();
});

test("another shape is learned after a hundred lines in a row, and the keys of the one before are gone", () => {
  const reader = readerOf('{"a":"1","old":"2"}');
  reader.read('{"a":"1","old":"2"}');
  const line = '{"a":"3"}';
  const learnAfter = (misses: number) => {
    for (let i = 0; i < misses; i++) expect(reader.read(line)).toBeUndefined();
    reader.learn(line, JSON.parse(line) as JsonRecord);
  };
  learnAfter(99);
  learnAfter(1);
  expect(reader.read(line)).toMatchObject({ a: "3", old: undefined });
});

test("whatever the line, it is read as JSON.parse reads it, or not at all", () => {
  const key = fc.string({ minLength: 1, maxLength: 8 });
  const value = fc.oneof(fc.string(), fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true }));
  const shape = fc.dictionary(key, value, { minKeys: 1, maxKeys: 6 });
  const spoiled = fc.tuple(fc.nat(80), fc.nat(3), fc.string({ maxLength: 3 }));
  fc.assert(
    fc.property(shape, fc.array(value, { minLength: 6, maxLength: 6 }), spoiled, (first, values, [at, cut, text]) => {
      const reader = readerOf(JSON.stringify(first));
      const second = JSON.stringify(Object.fromEntries(Object.keys(first).map((name, i) => [name, values[i]])));
      for (const line of [second, second.slice(0, at) + text + second.slice(at + cut)]) {
        const read = reader.read(line);
        expect(read === undefined ? undefined : { ...read }).toEqual(read === undefined ? undefined : JSON.parse(line));
      }
    }),
    { numRuns: 2000 },
  );
});
