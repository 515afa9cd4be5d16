import type { EventField } from "./access-event.ts";
import type { LogFormat } from "./log-format.ts";

/** Every field that a format can fill, by itself or through what is derived; a detector that needs another one is blind on it. */
export function providedFields({ keys }: Pick<LogFormat, "keys">): readonly EventField[] {
  const filled = new Set<EventField>([...always, ...Object.values(keys).flat()]);
  if (filled.has("durationMs")) filled.add("startedAt");
  if (filled.has("clientIp")) filled.add("clientKey").add("clientIpTrust");
  return [...filled];
}

// helpers

/** Every event has these: they are derived from what no format can be without. */
const always = [
  "origin", "time", "gateway", "method", "path", "route", "endpointClass", "owner", "status", "outcome", "attempt",
] as const satisfies readonly EventField[]; // prettier-ignore
