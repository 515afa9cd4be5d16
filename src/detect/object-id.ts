import type { AccessEvent } from "../normalize/access-event.ts";

/** Templates that stand for something else than the thing that was asked for. */
const noObject: ReadonlySet<string> = new Set(["{file}", "{slug}", "{date}", "{locale}", "{rest...}", "{other}", "{email}", "{card}"]); // prettier-ignore

/**
 * Which thing a request was about: what its path has where its route has the last template, as
 * `17` in `/orders/17/items` of `/orders/{id}/items`. Where nothing was ever found, `{unknown}`
 * counts, too. `undefined`: the route names none.
 */
export function objectOf({ route, path }: AccessEvent): string | undefined {
  if (!route.includes("{") || route.endsWith("{file}")) return undefined;
  const templates = route.split("/").filter((segment) => segment !== "");
  const at = templates.findLastIndex((segment) => segment.includes("{") && !noObject.has(segment));
  if (at === -1) return undefined;
  return path.split("/").filter((segment) => segment !== "")[at];
}

/** The last number in an object's id: `99812` in `ORD-2026-99812`; `undefined` where there is none that is exact. */
export function numberIn(object: string | undefined): number | undefined {
  const digits = object === undefined ? undefined : /(?<!\d)(\d{1,15})\D*$/.exec(object)?.[1];
  return digits === undefined ? undefined : Number(digits);
}
