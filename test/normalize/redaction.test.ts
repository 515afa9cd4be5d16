import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createAttributeReader, isSecretName } from "../../src/normalize/attributes.ts";
import { createIdentities } from "../../src/normalize/identity.ts";
import { createAgentCleaner, createHostCleaner } from "../../src/normalize/plain-text.ts";
import { isPlainPath, redactPath } from "../../src/normalize/redact-path.ts";
import { redactRecord, redactText } from "../../src/normalize/redact-text.ts";
import { rejectedHead } from "../../src/normalize/rejected-head.ts";
import { plantedSecrets, secretsIn, secretTargets, secretTexts } from "../support/planted-secrets.ts";

const s = plantedSecrets;

describe("paths", () => {
  test.for([
    ["plain", "/api/products/17", "/api/products/17"],
    ["no query", "/api/cart?x=1#y", "/api/cart"],
    ["no scheme and host", "https://shop.example/api/cart?x", "/api/cart"],
    ["nothing but a host", "https://shop.example", "/"],
    ["a slug with numbers", "/p/running-shoe-2026-blue", "/p/running-shoe-2026-blue"],
    ["a UUID is an id", "/o/6a1f0f5e-5f3d-4a38-9f0c-2f2b8c0f7a11", "/o/6a1f0f5e-5f3d-4a38-9f0c-2f2b8c0f7a11"],
    ["a UUID after reset is a secret", "/reset/6a1f0f5e-5f3d-4a38-9f0c-2f2b8c0f7a11", "/reset/{token}"],
    ["a code after verify", "/verify/483920", "/verify/{token}"],
    ["words after a secret word", "/oauth/token/revoke", "/oauth/token/revoke"],
    ["a JWT", `/x/${s.jwt}/y`, "/x/{token}/y"],
    ["a card number", `/cards/${s.card}/limits`, "/cards/{card}/limits"],
    ["a card number, encoded", "/cards/4111%201111%201111%201111", "/cards/{card}"],
    ["sixteen digits that are no card", "/orders/4111111111111112", "/orders/4111111111111112"],
    ["an e-mail address", `/users/${s.email}/orders`, "/users/{email}/orders"],
    ["a path parameter", `/cart;${s.cookie}/items`, "/cart/items"],
    ["a value", `/x/password=${s.password}`, "/x/password{cut}"],
    ["letters that need no encoding", "/api/%6cogin", "/api/login"],
    ["dots", "/x/../api/./login", "/api/login"],
    ["encoded dots", "/x/%2e%2e/api/login", "/api/login"],
    ["control characters", "/a\u0000b/\u202ec", "/a\ufffdb/\ufffdc"],
    ["broken encoding", "/a%zz/b", "/a%zz/b"],
    ["a query that is encoded", "/login%3Fpassword%3Dx%26a", "/login{cut}"],
    ["a query that is encoded twice", "/login%253Fpassword%253Dx", "/login{cut}"],
    ["a query that is encoded, beside broken encoding", "/a%zz%3Fpassword=x", "/a%25zz{cut}"],
    ["a path parameter that is encoded twice", "/cart%253Bsid%253Dx/items", "/cart{cut}/items"],
    ["a user and a password", "https://anna:secret@shop.example/a", "/a"],
    ["a user and a password, and no scheme", "//anna:secret@shop.example/a", "//{email}/a"],
    ["a card number with dashes, encoded", "/cards/4111%2D1111%2D1111%2D1111", "/cards/{card}"],
    ["a card number, encoded twice", "/cards/4111%25201111%25201111%25201111", "/cards/{card}"],
    ["a card number over several segments", "/cards/4111/1111/1111/1111/x", "/cards/{card}/x"],
    ["a card number with control characters", "/cards/4111%0011111111%001111", "/cards/{card}"],
    ["an e-mail address, encoded twice", "/users/anna%2540shop.example", "/users/{email}"],
    ["a token with control characters", `/t/${s.jwt.slice(0, 9)}%00${s.jwt.slice(9)}`, "/t/{token}"],
    ["half a card number where it was cut", `/${"a/".repeat(1020)}${s.card}`, `/${"a/".repeat(1020)}{long}`],
    ["a megabyte", `/${"a".repeat(1_000_000)}`, "/{long}"],
  ] as const)("%s", ([, target, path]) => {
    expect(redactPath(target)).toBe(path);
  });

  test.for(secretTargets.map((target) => [target] as const))("nothing of %s is left", ([target]) => {
    expect(secretsIn(redactPath(target))).toEqual([]);
    expect(secretsIn(redactRecord(`{"uri":"${target}","x":`))).toEqual([]);
  });

  test("a path that is told plain at a glance has nothing in it that would be cut", () => {
    const words = fc.constantFrom(
      "reset",
      "verify",
      "sk_",
      "eyJ",
      "xoxb-",
      "4111",
      "411111111111",
      ".",
      "..",
      "",
      "A1b2c3",
    );
    const segment = fc.array(fc.oneof(words, fc.stringMatching(/^[\w.-]{0,6}$/)), { maxLength: 3 });
    const path = fc
      .array(
        segment.map((parts) => parts.join("")),
        { maxLength: 5 },
      )
      .map((all) => `/${all.join("/")}`);
    // A segment that is too long to be told at a glance, and holds nothing.
    const other = `/a/${"x".repeat(200)}`;
    let count = 0;
    fc.assert(
      fc.property(path, (path) => {
        if (!isPlainPath(path)) return;
        count++;
        expect(redactPath(path + other)).toBe(path + other);
      }),
      { numRuns: 5_000 },
    );
    expect(count).toBeGreaterThan(500);
  });

  test("never throws, never grows beyond its bound, and has no query", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 3000 }), (text) => {
        const path = redactPath(`/${text}`);
        expect(path.length).toBeLessThanOrEqual(2048);
        expect(path.startsWith("/") || path.startsWith("{")).toBe(true);
      }),
    );
  });
});

describe("text", () => {
  test.for([
    ["a bearer token", `Authorization: Bearer ${s.jwt}`, "Authorization: {cut}"],
    ["a cookie in JSON", `{"cookie":"${s.cookie}","a":1}`, '{"cookie":"{cut}","a":1}'],
    ["a password in JSON", `{"password":"${s.password}","a":1}`, '{"password":"{cut}","a":1}'],
    ["a password in JSON in JSON", String.raw`{\"password\":\"hunter2\"}`, String.raw`{\"password\":\"{cut}\"}`],
    ["a query", `GET /login?user=anna&x=${s.querySecret} HTTP/1.1`, "GET /login?{cut} HTTP/1.1"],
    ["a card in groups", "paid with 4111 1111 1111 1111.", "paid with {card}."],
    ["a card after another number", `App/1 ${s.card}`, "App/1 {card}"],
    ["an Amex", "3782 822463 10005", "{card}"],
    ["a time in milliseconds", "1787390047466", "1787390047466"],
    ["an ordinary user agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101"],
    ["an e-mail address", `Bot/1.0 (${s.email}; +https://bot.example)`, "Bot/1.0 ({email}; +https://bot.example)"],
    ["a user and a password", `Bot (https://anna:${s.password}@bot.example/x)`, "Bot (https://{cut}@bot.example/x)"],
    ["a user and a password, broken off", `see https://anna:${s.password}`, "see https://anna:{cut}"],
    ["a user and a password, encoded", `see https%3A%2F%2Fanna%3A${s.password}%40x`, "see https%3A%2F%2F{cut}@x"],
    ["a port", "see https://bot.example:8443/x and http://bot.example:80", "see https://bot.example:8443/x and http://bot.example:80"],
    ["a query, encoded", "from %2Flogin%3Ftoken%3Dabcdef now", "from %2Flogin?{cut} now"],
    ["a card with dashes, encoded", "card 4111%2D1111%2D1111%2D1111.", "card {card}."],
    ["a card in groups of other signs", "4111_1111_1111_1111 4111/1111/1111/1111", "{card} {card}"],
    ["a card with control characters in it", "4111\u00001111\u000011111111", "{card}"],
    ["a token with control characters in it", `${s.jwt.slice(0, 20)}\u0007${s.jwt.slice(20)}`, "{token}"],
    ["a terminal's commands", "a\u001b[2Jb", "a\ufffd[2Jb"],
  ] as const)("%s", ([, text, expected]) => {
    expect(redactText(text)).toBe(expected);
  }); // prettier-ignore

  test.for(secretTexts.map((text) => [text] as const))("nothing of %s is left", ([text]) => {
    expect(secretsIn(redactText(text))).toEqual([]);
  });

  test("a long text of anything takes no long time", () => {
    for (const text of ["token".repeat(20_000), "4".repeat(100_000), "eyJ".repeat(30_000), "a.".repeat(50_000)]) {
      redactRecord(text);
    }
  });
});

describe("attributes", () => {
  const read = createAttributeReader(["voucher_secret", "Quiet"], createIdentities(undefined));

  test("names that say so are dropped; values are text, redacted and bounded", () => {
    expect(
      read({
        promoCode: "SUMMER",
        quantity: 3,
        gift: true,
        newPassword: "x",
        access_token: "x",
        Authorization: "x",
        cardNumber: "x",
        iban: "x",
        voucher_secret: "x",
        quiet: "x",
        "<b>": "x",
        nested: { password: "x" },
        empty: "",
        note: `card ${s.card}`,
        long: "a".repeat(1000),
      }),
    ).toEqual({ promoCode: "SUMMER", quantity: "3", gift: "true", note: "card {card}", long: "a".repeat(256) });
  });

  test("who somebody is, is kept as a user is; other e-mail addresses go", () => {
    const raw = { attemptedLogin: s.email, note: `from ${s.email}`, short: "a@b.de" };
    expect(read(raw)).toEqual({ attemptedLogin: s.email, note: "from {email}", short: "{email}" });
    const keyed = createIdentities("a key of sixteen characters");
    expect(createAttributeReader([], keyed)({ attemptedLogin: s.email })).toEqual({
      attemptedLogin: keyed.user(s.email),
    });
  });

  test("nothing left is nothing", () => {
    expect(read({ password: "x" })).toBeUndefined();
  });

  test("there are at most sixteen, and none reaches the prototype", () => {
    const many = Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`a${i}`, "x"]));
    expect(Object.keys(read(many) ?? {})).toHaveLength(16);
    const hostile = read(JSON.parse('{"__proto__":"x","constructor":"y"}') as Record<string, unknown>);
    expect(Object.getPrototypeOf(hostile)).toBe(Object.prototype);
    expect(Object.keys(hostile ?? {})).toEqual(["constructor"]);
  });

  test.for(["discard", "company", "panel", "cardinality", "tokenizer", "spin", "promoCode"])(
    "%s is no secret",
    (name) => {
      expect(isSecretName(name)).toBe(false);
    },
  );
});

describe("identities", () => {
  const plain = createIdentities(undefined);
  const keyed = createIdentities("a key of sixteen characters");

  test.for([
    ["a name", "u48213", "u48213"],
    ["an e-mail address", s.email, s.email],
    ["a UUID", "6a1f0f5e-5f3d-4a38-9f0c-2f2b8c0f7a11", "6a1f0f5e-5f3d-4a38-9f0c-2f2b8c0f7a11"],
    ["an id of a database", "64b7f3c2a1d4e5f60718293a", "64b7f3c2a1d4e5f60718293a"],
    ["a card number", s.card, undefined],
    ["control characters", "a\nb", "a\ufffdb"],
  ] as const)("a user that is %s", ([, raw, user]) => {
    expect(plain.user(raw)).toBe(user);
    expect(plain.user(raw)).toBe(user);
  });

  test("a token is kept as its hash, so that it can still be counted", () => {
    expect(plain.user(s.jwt)).toMatch(/^h_[0-9a-f]{16}$/);
    expect(plain.credential(s.resetToken)).toMatch(/^h_[0-9a-f]{16}$/);
    expect(plain.credential(s.resetToken)).toBe(plain.credential(s.resetToken));
    expect(plain.credential("partner-acme")).toBe("partner-acme");
    expect(plain.device(s.jwt)).toMatch(/^h_/);
    for (const raw of [`Bearer ${s.jwt}`, `password=${s.password}`, `Basic ${s.basic.slice(6)}`, "x".repeat(1000)]) {
      expect(plain.user(raw)).toMatch(/^h_[0-9a-f]{16}$/);
      expect(plain.device(raw)).toMatch(/^h_[0-9a-f]{16}$/);
    }
  });

  test("a session that is a UUID could be used; a key's or a device's UUID is its name", () => {
    const uuid = "6a1f0f5e-5f3d-4a38-9f0c-2f2b8c0f7a11";
    expect(plain.session(uuid)).toMatch(/^h_[0-9a-f]{16}$/);
    expect([plain.credential(uuid), plain.device(uuid), plain.session("s-17")]).toEqual([uuid, uuid, "s-17"]);
  });

  test("with a key, users are keyed hashes, the same for the same user", () => {
    expect(keyed.user("u48213")).toMatch(/^u_[0-9a-f]{16}$/);
    expect(keyed.user("u48213")).toBe(createIdentities("a key of sixteen characters").user("u48213"));
    expect(keyed.user("u48213")).not.toBe(createIdentities("another key, 16 long").user("u48213"));
  });
});

describe("hosts, user agents and what is cut to length", () => {
  const host = createHostCleaner();
  const agent = createAgentCleaner();

  test.for([
    ["a name", "shop.example:8443", "shop.example:8443"],
    ["an IPv6 address", "[2001:db8::1]:443", "[2001:db8::1]:443"],
    ["a user and a password", `anna:${s.password}@shop.example`, "shop.example"],
    ["a path and a query", `shop.example/x?token=${s.querySecret}`, "shop.example"],
    ["a card number", `${s.card}.shop.example`, "{card}.shop.example"],
  ] as const)("a host with %s", ([, raw, clean]) => {
    expect(host(raw)).toBe(clean);
  });

  test("a long random word is no part of a user agent", () => {
    expect(agent(`App/1 ${s.resetToken}`)).toBe("App/1 {token}");
    expect(agent("Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15")).toContain("605.1.15");
  });

  test("no half of a secret is left where a text was cut", () => {
    for (let length = 0; length < 40; length++) {
      for (const secret of [s.card, s.cardWithDashes, s.jwt, s.resetToken, s.stripeKey, s.email]) {
        const before = "ab ".repeat(700).slice(0, 2048 - length);
        const text = `${before} ${secret} and more`;
        for (const clean of [agent(text), rejectedHead(text), rejectedHead(`{"a":"${text}"}`)]) {
          expect(clean).not.toContain(secret.slice(0, 8));
        }
      }
    }
    const grown = `?a=${"b".repeat(1100)} ${"c".repeat(90)}${s.card}`;
    expect(rejectedHead(grown)).not.toContain("4111");
  });
});
