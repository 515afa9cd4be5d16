import { expect, test } from "vitest";
import { Draft } from "../../src/normalize/draft.ts";
import { customJson } from "../../src/normalize/formats/custom-json.ts";
import type { JsonRecord } from "../../src/normalize/log-format.ts";

const format = customJson("own", {
  fields: {
    time: { path: "ts", unit: "ms", at: "end" },
    method: "request.method",
    path: "request.line.path",
    status: "answer.of.the.server",
    host: '["a.host"]',
    userId: "who.is.it",
    "attributes.promo": "order.promo.code",
    "attributes.size": "size",
  },
});

const record = {
  ts: 1787390047466,
  request: { method: "POST", line: { path: "/v1/login" } },
  answer: { of: { the: { server: "401" } } },
  "a.host": "shop.example",
  who: { is: { it: "anna" } },
  order: { promo: { code: "SUMMER" } },
};

function read(sample: JsonRecord) {
  const draft = new Draft();
  return { rejected: format.read(sample, draft), draft };
}

test("paths are followed however long they are", () => {
  const { rejected, draft } = read(record);
  expect(rejected).toBeUndefined();
  expect(draft).toMatchObject({
    method: "POST",
    target: "/v1/login",
    status: 401,
    host: "shop.example",
    userId: "anna",
  });
  expect(draft.attributes).toEqual({ promo: "SUMMER" });
});

test.for([
  ["nothing", { who: undefined }],
  ["null", { who: null }],
  ["a text", { who: "anna" }],
  ["a text further down", { who: { is: "anna" } }],
] as const)("a path that leads through %s leads nowhere", ([, change]) => {
  expect(read({ ...record, ...change }).draft.userId).toBeUndefined();
});

test("attributes that a record lacks are left out", () => {
  expect(read({ ...record, order: null }).draft.attributes).toBeUndefined();
});
