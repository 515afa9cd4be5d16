import type { JsonRecord } from "./log-format.ts";

/** `client.ip` and `["a.b"].c` as the keys to follow. */
export function parseKeyPath(path: string): readonly string[] {
  const keys: string[] = [];
  for (const [, quoted, plain] of path.matchAll(/\["([^"]+)"\]|([^.[\]]+)/g)) keys.push(quoted ?? plain ?? "");
  return keys;
}

/** What lies there; `undefined` when nothing does. */
export function valueAt(record: JsonRecord, path: readonly string[]): unknown {
  let value: unknown = record;
  for (const key of path) {
    if (typeof value !== "object" || value === null) return undefined;
    value = (value as JsonRecord)[key];
  }
  return value;
}
