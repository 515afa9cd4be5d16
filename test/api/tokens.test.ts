import { describe, expect, test } from "vitest";
import { apiConfig } from "../../src/api/api-config.ts";
import { bearerToken, createTokenFinder } from "../../src/api/tokens.ts";
import { tokenConfig } from "../support/test-api.ts";

describe("the Authorization header", () => {
  test.for([
    ["a token", "Bearer abc.DEF-1", "abc.DEF-1"],
    ["another case", "bearer abc", "abc"],
    ["another scheme", "Basic abc", undefined],
    ["no token", "Bearer ", undefined],
    ["two tokens", "Bearer a b", undefined],
    ["a very long one", `Bearer ${"a".repeat(513)}`, undefined],
    ["none", undefined, undefined],
  ] as const)("%s", ([, header, token]) => {
    expect(bearerToken(header)).toBe(token);
  });
});

test("a token is found by its hash alone", () => {
  const find = createTokenFinder(apiConfig.parse(tokenConfig).tokens);
  expect(find("secret-viewer")).toEqual({ name: "the viewer", role: "viewer", byToken: true });
  expect(find("secret-admin")).toEqual({ name: "the admin", role: "admin", byToken: true });
  expect(find("secret-Admin")).toBeUndefined();
  expect(find(tokenConfig.tokens[0]?.sha256 ?? "")).toBeUndefined();
  expect(find("")).toBeUndefined();
});
