import { describe, expect, test } from "vitest";
import { proxiesConfig } from "../../src/normalize/proxies-config.ts";
import { describedFormats, formatCases } from "../support/format-cases.ts";
import { aNormalizer, normalizeAll } from "../support/normalizing.ts";
import { brokenVersions, plantEverywhere, type PlantedRecord } from "../support/plant-secrets.ts";
import { plantedSecrets, secretsIn } from "../support/planted-secrets.ts";

const proxies = proxiesConfig.parse({ trusted: ["10.0.0.0/8"] });
const reader = (format: string) => aNormalizer({ format, proxies, formats: describedFormats });

describe.each(formatCases)("$id: a secret in any part of any golden record", ({ id, format, records }) => {
  // All in the first ones; later ones are much like them.
  const planted = records.flatMap((record, n) =>
    plantEverywhere(format, record).filter((_, i) => n < 2 || (i + n) % 5 === 0),
  );

  test("is in no event and in no rejected record", () => {
    expect(leaksOf(id, planted)).toEqual([]);
  });

  test("nor where the record is broken", () => {
    const some = planted.filter((_, i) => i % 7 === 0);
    const broken = some.flatMap(({ where, record }) => brokenVersions(record).map((text) => ({ where, record: text })));
    expect(leaksOf(id, broken)).toEqual([]);
  });
});

test("the secrets would be noticed: as they are, encoded, and taken apart", () => {
  const { jwt, card, email } = plantedSecrets;
  for (const text of [
    `a ${jwt} b`,
    encodeURIComponent(`x ${jwt}`),
    Buffer.from(`a${jwt}b`).toString("base64"),
    JSON.stringify(`${jwt.slice(0, 9)}\n${jwt.slice(9)}`),
  ]) {
    expect(secretsIn(text)).toEqual(["jwt"]);
  }
  expect(secretsIn(card.replaceAll(/(\d{4})/g, "$1-"))).toEqual(["card"]);
  expect(secretsIn(encodeURIComponent(email))).toEqual(["email"]);
  expect(secretsIn(`nothing here ${card.slice(0, 8)}`)).toEqual([]);
});

// helpers

/** Read all at once, and one by one where something is left. */
function leaksOf(id: string, planted: readonly PlantedRecord[]): string[] {
  const normalizer = reader(id);
  const all = left(normalizer, planted.map(({ record }) => record)); // prettier-ignore
  if (all.length === 0) return [];
  const leaks = planted.flatMap(({ where, record }) => left(normalizer, [record]).map((leak) => `${leak} (${where})`));
  return [...new Set(leaks)].slice(0, 50);
}

function left(normalizer: ReturnType<typeof reader>, records: readonly string[]): string[] {
  const { events, rejected } = normalizeAll(normalizer, records);
  // A user may be called by an e-mail address.
  const others = JSON.stringify(events.map((event) => ({ ...event, userId: undefined })));
  const users = secretsIn(JSON.stringify(events.map(({ userId }) => userId)));
  return [
    ...secretsIn(others).map((secret) => `${secret} in ${fieldsOf(events, secret)}`),
    ...users.filter((secret) => secret !== "email").map((secret) => `${secret} in userId`),
    ...secretsIn(JSON.stringify(rejected)).map((secret) => `${secret} in what was rejected: ${rejected[0]?.head}`),
  ];
}

function fieldsOf(events: readonly object[], secret: string): string {
  const fields = events.flatMap((event) => Object.entries(event));
  return fields.find(([, value]) => secretsIn(JSON.stringify(value) ?? "").includes(secret))?.join(" ") ?? "an event";
}
