import type { ActiveDetector } from "./plan.ts";

/**
 * A detector's settings as a line of the configuration: its mode, and the parameters that are not the
 * defaults, with whatever is to be different.
 */
export function configLine(
  { definition, params, mode }: ActiveDetector,
  change: { readonly mode?: ActiveDetector["mode"]; readonly params?: Readonly<Record<string, unknown>> },
): string {
  const defaults = definition.params.parse({});
  const wanted = Object.entries({ ...params, ...change.params });
  const own = wanted.filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(defaults[name]));
  const settings = own.map(([name, value]) => `${name}: ${JSON.stringify(value)}`).join(", ");
  const withParams = own.length === 0 ? "" : `, params: { ${settings} }`;
  return `detectors: { ${definition.id}: { mode: ${change.mode ?? mode}${withParams} } }`;
}
