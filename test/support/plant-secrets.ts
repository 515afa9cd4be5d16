import type { LogFormat } from "../../src/normalize/log-format.ts";
import { plantedSecrets as s } from "./planted-secrets.ts";

/** A secret as it may stand in any place of a log, by what kind of text it is. */
export const tellingTexts: Readonly<Record<string, string>> = {
  "a token": s.jwt,
  "a bearer token": `Bearer ${s.jwt}`,
  "a token, split by a control character": `${s.jwt.slice(0, 30)}\u0000${s.jwt.slice(30)}`,
  "a key": s.stripeKey,
  "a card number": s.card,
  "a card number with dashes": s.cardWithDashes,
  "a card number, encoded": s.cardWithDashes.replaceAll("-", "%2D"),
  "a card number, split by control characters": s.card.replaceAll(/(\d{4})/g, "$1\u0007"),
  "a pair": `password=${s.password}`,
  "a pair, encoded": `password%3D${s.password}`,
  "a header": `Authorization: ${s.basic}`,
  "a cookie": `Cookie: a=b; ${s.cookie}`,
  "a path with a query": `/v1/login?password=${s.password}&x=${s.querySecret}`,
  "a URL": `https://anna:${s.password}@shop.example/v1/users/${s.email}?token=${s.jwt}#${s.querySecret}`,
  "a URL, encoded": encodeURIComponent(`https://anna:${s.password}@shop.example/v1/cart?token=${s.jwt}`),
  "a GraphQL query": `/graphql?query=mutation%7Blogin(user:%22${s.email}%22,password:%22${s.password}%22)%7D`,
  "an e-mail address": s.email,
  "an e-mail address, encoded": encodeURIComponent(s.email),
};

/** A record in which one part holds a secret. */
export interface PlantedRecord {
  /** Which part, and what in it. */
  readonly where: string;
  readonly record: string;
}

/**
 * The record once for each of its parts and each text: the part is the text, and ends with it. Parts
 * of a text are what stands between spaces, or in quotes, brackets or braces.
 */
export function plantEverywhere(format: LogFormat, record: string): PlantedRecord[] {
  return format.kind === "json" && isJson(record) ? plantInJson(record) : plantInText(record);
}

/** Broken off, cut in the middle, and with something before it. */
export function brokenVersions(record: string): string[] {
  return [record.slice(0, -2), record.slice(0, record.length / 2), `x${record}`, record.replaceAll('"', " ")];
}

// helpers

/** Some gateways write what is nearly JSON. */
function isJson(record: string): boolean {
  try {
    JSON.parse(record);
    return true;
  } catch {
    return false;
  }
}

function plantInJson(record: string): PlantedRecord[] {
  const planted: PlantedRecord[] = [];
  const paths: string[][] = [];
  walk(JSON.parse(record), [], (path) => void paths.push(path));
  for (const path of paths) {
    for (const [kind, text] of Object.entries(tellingTexts)) {
      for (const before of ["", undefined]) {
        const object: unknown = JSON.parse(record);
        put(object, path, (old) => (before === undefined ? `${String(old)} ${text}` : text));
        planted.push({ where: `${path.join(".")}: ${kind}`, record: JSON.stringify(object) });
      }
    }
  }
  return planted;
}

function walk(value: unknown, path: readonly string[], leaf: (path: string[]) => void): void {
  if (typeof value !== "object" || value === null) return leaf([...path]);
  for (const [name, one] of Object.entries(value)) walk(one, [...path, name], leaf);
}

function put(object: unknown, path: readonly string[], change: (old: unknown) => unknown): void {
  const last = path.length - 1;
  let at = object as Record<string, unknown>;
  for (const name of path.slice(0, last)) at = at[name] as Record<string, unknown>;
  const name = path[last] as string;
  at[name] = change(at[name]);
}

function plantInText(record: string): PlantedRecord[] {
  const planted: PlantedRecord[] = [];
  for (const { 0: part, index } of record.matchAll(/"[^"]*"|\[[^\]]*\]|\{[^}]*\}|[^\s"[\]{}]+/g)) {
    const open = /^["[{]/.test(part) ? part.slice(0, 1) : "";
    const close = open === "" ? "" : part.slice(-1);
    const inside = open === "" ? part : part.slice(1, -1);
    for (const [kind, text] of Object.entries(tellingTexts)) {
      for (const content of [text, `${inside} ${text}`]) {
        const changed = record.slice(0, index) + open + content + close + record.slice(index + part.length);
        planted.push({ where: `${part} at ${index}: ${kind}`, record: changed });
      }
    }
  }
  return planted;
}
