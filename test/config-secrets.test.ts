import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { hideSecrets, interpolate } from "../src/config-secrets.ts";
import { tempDirectory } from "./support/temp-directory.ts";

describe("filling in", () => {
  test.for([
    ["the whole value", "${A}", "1"],
    ["within a text", "x${A}y${B}z", "x1y2z"],
    ["escaped", "$${A} and ${A}", "${A} and 1"],
    ["a dollar alone", "$A {A} $", "$A {A} $"],
    ["otherwise, where nothing is set", "${PORT:-8080}", "8080"],
    ["otherwise, where something is", "${A:-8080}", "1"],
    ["otherwise nothing", "x${NONE:-}y", "xy"],
    ["what was filled in is not read again", "${NESTED}", "${A}"],
  ] as const)("%s", ([, text, expected]) => {
    const { value, findings } = interpolate({ key: [text] }, { A: "1", B: "2", NESTED: "${A}" });
    expect(value).toEqual({ key: [expected] });
    expect(findings).toEqual([]);
  });

  test("leaves all that is no text as it is, and keys, too", () => {
    const value = { "${A}": [1, true, null, { deep: 2 }] };
    expect(interpolate(value, { A: "x" }).value).toEqual(value);
  });

  test("NAME_FILE names a mounted file; its last line end is no part of the secret", () => {
    const file = join(tempDirectory(), "password");
    writeFileSync(file, "first\nsecond\r\n");
    const env = { PW_FILE: file };
    expect(interpolate({ a: "${PW_FILE}", b: "${PW}" }, env).value).toEqual({
      a: "first\nsecond",
      b: "first\nsecond",
    });
  });

  test("a variable goes before a file", () => {
    expect(interpolate("${PW}", { PW: "direct", PW_FILE: "/no/such/file" }).value).toBe("direct");
  });

  test.for([
    ["not set", "${PW}", {}, "PW is not set, and PW_FILE names no file"],
    ["empty", "${PW}", { PW: "" }, "PW is empty"],
    [
      "a file that is not there",
      "${PW}",
      { PW_FILE: "/no/such/file" },
      "PW_FILE names a file that can't be read (ENOENT)",
    ],
    ["a folder", "${PW_FILE}", { PW_FILE: "/" }, "PW_FILE names a file that can't be read (EISDIR)"],
    ["an empty file", "${PW_FILE}", { PW_FILE: "/dev/null" }, "PW_FILE names an empty file"],
    ["no name", "${}", {}, "the name of an environment variable"],
    ["left open", "${PW", { PW: "x" }, "the name of an environment variable"],
  ] as const)("%s is a finding", ([, text, env, message]) => {
    const { value, findings } = interpolate({ list: [text] }, env);
    expect(findings).toMatchObject([{ path: ["list", 0], message: expect.stringContaining(message) as string }]);
    expect(value).toEqual({ list: [text] });
  });

  test("a huge file is refused", () => {
    const file = join(tempDirectory(), "huge");
    writeFileSync(file, "x".repeat(64 * 1024 + 1));
    expect(interpolate("${PW_FILE}", { PW_FILE: file }).findings).toMatchObject([
      { message: expect.stringContaining("more than 64 KiB") as string },
    ]);
  });
});

test("hiding cuts the longest secret first", () => {
  expect(hideSecrets("password-extended and password", ["password", "password-extended"])).toBe("… and …");
});
