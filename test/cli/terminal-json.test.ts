import * as fc from "fast-check";
import { expect, test } from "vitest";
import { terminalJson } from "../../src/cli/terminal-json.ts";

const unfit = /[^\P{Cc}\n]|[\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

test.for([
  ["escape", "\u001b[2J", String.raw`"\u001b[2J"`],
  ["one of the second set of control characters", "a\u009bb", String.raw`"a\u009bb"`],
  ["the direction of writing", "\u202egpj.exe", String.raw`"\u202egpj.exe"`],
  ["an invisible character beyond 16 bits", "\u{e0041}", String.raw`"\udb40\udc41"`],
  ["half a pair", "\ud800", String.raw`"\ud800"`],
  ["ordinary text", 'Zoë said "hi" 🙂', '"Zoë said \\"hi\\" 🙂"'],
] as const)("escapes %s", ([, text, json]) => expect(terminalJson(text)).toBe(`${json}\n`));

test("says the same, whatever it is, without a character that a terminal obeys", () => {
  fc.assert(
    fc.property(fc.jsonValue({ stringUnit: "binary" }), (value) => {
      const json = terminalJson(value);
      expect(json).not.toMatch(unfit);
      expect(JSON.parse(json)).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
});
