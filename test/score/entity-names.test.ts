import { describe, expect, test } from "vitest";
import { LabelNames, namesOfKey, targetName } from "../../src/score/entity-names.ts";
import type { LabelledEntity } from "../../src/simulate/label.ts";

const ip = (value: string): LabelledEntity => ({ scope: "ip", value });
const user = (value: string): LabelledEntity => ({ scope: "user", value });
const login: LabelledEntity = { scope: "endpointClass", value: "login" };
const brazil: LabelledEntity = { scope: "country", value: "BR" };

describe("whether a key names somebody of a label", () => {
  test.for([
    ["the attacker's address", [ip("a")], [], { clientIp: "a" }, true],
    ["another address", [ip("a")], [], { clientIp: "b" }, false],
    ["the victim's account", [ip("a")], [user("anna")], { userId: "anna" }, true],
    ["whoever asks, by address", [ip("a")], [], { actor: "ip:a" }, true],
    ["whoever asks, by user", [user("u")], [], { actor: "user:u" }, true],
    ["whoever asks, another user", [user("u")], [], { actor: "user:v" }, false],
    ["class and country, both labelled", [ip("a")], [login, brazil], { endpointClass: "login", country: "BR" }, true],
    ["class and another country", [ip("a")], [login, brazil], { endpointClass: "login", country: "DE" }, false],
    [
      "a part without a name in the label counts for nothing",
      [ip("a")],
      [login],
      { endpointClass: "login", country: "DE" },
      true,
    ],
    ["nothing that the label has names for", [ip("a")], [], { userAgent: "curl" }, undefined],
    ["the whole site", [], [{ scope: "site", value: "" }], { gateway: "edge" }, true],
  ] as [string, LabelledEntity[], LabelledEntity[], Record<string, string>, boolean | undefined][])(
    "%s",
    ([, entities, victims, key, fits]) => {
      expect(new LabelNames({ entities, victims }).fits(key)).toBe(fits);
    },
  );

  test("an attacker is accused, a victim is not", () => {
    const names = new LabelNames({ entities: [ip("a")], victims: [user("anna")] });
    expect(names.accuses({ clientIp: "a" })).toBe(true);
    expect(names.accuses({ userId: "anna" })).toBe(false);
  });
});

describe("whom a detector is to name", () => {
  const expected = (key: string[], found: string[] = []) =>
    [...new LabelNames({ entities: [ip("a"), ip("b"), user("u")], victims: [login] }).expected(key, new Set(found))];

  test.for([
    ["each address", ["clientIp"], [], ["ip a", "ip b"]],
    ["the account, of which there are fewer", ["actor"], [], ["user u"]],
    ["the addresses, where the log names no accounts", ["actor"], ["ip b"], ["ip a", "ip b"]],
    ["the victim, where the key names nobody who does it", ["endpointClass"], [], ["endpointClass login"]],
    ["who does it rather than the victim", ["endpointClass", "clientIp"], [], ["ip a", "ip b"]],
    ["nobody in particular", ["userAgent"], [], []],
  ] as [string, string[], string[], string[]][])("%s", ([, key, found, names]) => {
    expect(expected(key, found)).toEqual(names);
  });
}); // prettier-ignore

test("an IPv6 client is the same in a key and in a decision", () => {
  const [inKey] = namesOfKey({ clientIp: "2001:db8::/64" });
  expect(targetName({ scope: "range", value: "2001:db8::/64" })).toBe(inKey);
});
