import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { splitCombined, splitRequest, unescapeLog } from "../../src/normalize/combined-line.ts";

const time = "[22/Aug/2026:09:14:07 +0000]";

describe("a line in the combined log format", () => {
  test.for([
    ["an escaped quote belongs to the text", String.raw`"Mozilla \"5.0\""`, String.raw`Mozilla \"5.0\"`, ""],
    [
      "an escaped backslash before the quote does not escape it",
      String.raw`"Mozilla \\" 17`,
      String.raw`Mozilla \\`,
      " 17",
    ],
    ["a backslash and a quote, both escaped", String.raw`"Mozilla \\\"" 17`, String.raw`Mozilla \\\"`, " 17"],
    ["a line cut short", '"Mozi', "Mozi", ""],
  ] as const)("%s", ([, text, agent, rest]) => {
    expect(splitCombined(`203.0.113.7 - - ${time} "GET / HTTP/1.1" 200 1 "-" ${text}`)).toMatchObject({ agent, rest });
  });

  test("a user can't forge the time and what follows", () => {
    const user = String.raw`x ${time} \"GET /forged HTTP/1.1\" 200 1`;
    const line = `203.0.113.7 - ${user} [22/Aug/2026:09:14:08 +0000] "GET /real HTTP/1.1" 401 1`;
    expect(splitCombined(line)).toMatchObject({
      request: "GET /real HTTP/1.1",
      time: "22/Aug/2026:09:14:08 +0000",
      status: "401",
    });
  });

  test("a megabyte of anything takes no more than linear time", () => {
    for (const unit of ['"', "\\", '\\"', "[", '] "', `${time} "`, " "]) {
      const line = unit.repeat(1_000_000 / unit.length);
      splitCombined(`203.0.113.7 - - ${time} "${line}`);
      splitCombined(line);
      unescapeLog(line);
      splitRequest(line);
    }
  }, 2000);
});

test.for([
  ["as usual", "GET /a?b=c HTTP/1.1", "GET", "/a?b=c"],
  ["HTTP/0.9", "GET /a", "GET", "/a"],
  ["a target with spaces", "GET /a b c HTTP/2.0", "GET", "/a b c"],
  ["the same without a version", "GET /a b", "GET", "/a b"],
  ["no request", String.raw`\x16\x03`, "", ""],
] as const)("a request line: %s", ([, request, method, target]) => {
  expect(splitRequest(request)).toEqual({ method, target });
});

test.for([
  ["nothing to do", "plain", "plain"],
  ["Apache", String.raw`a \"b\" \\ \t \xe2\x82\xac`, 'a "b" \\ \t €'],
  ["nginx", String.raw`\x22a\x5C\x22`, '"a\\"'],
  ["no UTF-8", String.raw`\xff`, "\uFFFD"],
  ["cut short", String.raw`a\x2`, String.raw`a\x2`],
] as const)("unescaped: %s", ([, text, plain]) => {
  expect(unescapeLog(text)).toBe(plain);
});

test("whatever a client sends, escaped as Apache does it, comes out as it was", () => {
  const escaped = (text: string) => text.replaceAll(/["\\]/g, (letter) => `\\${letter}`);
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), fc.string({ unit: "grapheme" }), (agent, user) => {
      const line = `203.0.113.7 - ${escaped(user)} ${time} "GET / HTTP/1.1" 200 1 "-" "${escaped(agent)}" more`;
      const parts = splitCombined(line);
      expect(unescapeLog(parts?.agent ?? "")).toBe(agent);
      expect(unescapeLog(parts?.who ?? "")).toBe(`203.0.113.7 - ${user}`);
      expect(parts?.rest).toBe(" more");
    }),
  );
});
