import type { Config } from "./config-schema.ts";
import type { Lifecycle } from "./lifecycle.ts";
import type { Metrics } from "./metrics.ts";
import type { GeoLookup } from "./normalize/geo-place.ts";
import { NormalizerThread } from "./normalize/normalizer-thread.ts";
import { createNormalizer, type Normalizer } from "./normalize/normalizer.ts";
import type { LearnedRoutes } from "./normalize/route-learner.ts";

/** What makes events of lines: in this thread, or in one of its own when the configuration allows two. */
export function openNormalizer(options: {
  readonly config: Config;
  readonly geo: GeoLookup | undefined;
  /** The networks that `proxies.trusted` stands for. */
  readonly trusted: readonly string[];
  readonly learned: LearnedRoutes | undefined;
  readonly metrics: Metrics;
  readonly lifecycle: Lifecycle;
}): Normalizer | NormalizerThread {
  const { config, geo, metrics, lifecycle, trusted, learned } = options;
  const { formats, privacy, endpoints, proxies, redact } = config;
  const sources = new Map(
    config.sources.map(({ name, gateway = name, format, timeZone, trustClientIp }) => [
      name,
      { gateway, format, timeZone, trustClientIp },
    ]),
  );
  const given = { sources, formats, privacy, endpoints, proxies, trusted, redact, learned };
  if (config.service.threads === 1) return createNormalizer({ ...given, geo, metrics });
  const thread = new NormalizerThread({ ...given, geo, metrics });
  lifecycle.onStop("normalizer", () => thread.close());
  return thread;
}
