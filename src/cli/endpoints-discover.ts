import { loadTrialConfig } from "../config.ts";
import { loadProxies } from "../load-proxies.ts";
import { createMetrics } from "../metrics.ts";
import { createNormalizer } from "../normalize/normalizer.ts";
import { BatchReader } from "./batch-reader.ts";
import type { CliContext } from "./cli-context.ts";
import { inventoryYaml } from "./inventory-yaml.ts";
import { checkFormat, nothingUnderstood, readLogs } from "./read-logs.ts";
import { SeenEndpoints, type Discovered } from "./seen-endpoints.ts";
import { terminalText } from "./terminal-text.ts";
import { amount, instant } from "./text-layout.ts";
import { findLogs } from "./try-files.ts";
import { showProgress } from "./try-progress.ts";

export interface DiscoverOptions {
  /** Logs, plain or gzip; `-` is standard input. */
  readonly files: readonly string[];
  /** A format's name, or `auto`. */
  readonly format: string;
  /** Its endpoints are known already; its formats and proxies count. */
  readonly configFile: string | undefined;
}

/**
 * `gatewatch endpoints discover FILE…`: prints the endpoints seen in logs as an inventory. Starts,
 * sends and writes nothing. Throws `LOGS_UNREADABLE` as `gatewatch try` does.
 */
export async function runEndpointsDiscover(options: DiscoverOptions, context: CliContext): Promise<number> {
  const logs = await findLogs(options.files, context.stdin);
  const config = await loadTrialConfig(options.configFile, context.env);
  checkFormat(options.format, config);
  const networks = await loadProxies(config, options.configFile ?? "gatewatch.yaml");
  const { formats, endpoints, proxies, redact, privacy } = config;
  const normalizer = createNormalizer({
    sources: new Map(logs.map(({ name }) => [name, { gateway: name, format: options.format }])),
    ...{ formats, endpoints, proxies, redact, privacy, trusted: networks.prefixes },
    geo: undefined,
    metrics: createMetrics(),
  });
  const seen = new SeenEndpoints();
  let rejected = 0;
  const reader = new BatchReader((batch) => {
    const normalized = normalizer.normalize(batch);
    rejected += normalized.rejected.length;
    for (const event of normalized.events) seen.add(event);
  });

  const brokenOff = new Map<string, string>();
  const end = showProgress(() => seen.requests, context);
  await readLogs(logs, { to: reader, brokenOff, clock: context.clock }).finally(end);
  for (const [name, reason] of brokenOff) context.stderr(terminalText(`Note: ${name} broke off: ${reason}`) + "\n");
  const found = seen.report(normalizer.endpointsSeen());
  if (found.requests === 0) throw nothingUnderstood(rejected);
  if (rejected > 0) {
    context.stderr(`Note: ${amount(rejected, "line")} not understood; \`gatewatch try\` tells why\n`);
  }
  context.stdout(inventoryYaml(found.fresh, header(found)));
  return 0;
}

// helpers

function header({ fresh, listed, requests, span, missing, beyond }: Discovered): string[] {
  return [
    `Seen in ${amount(requests, "request")}${span ? ` from ${instant(span.from)} to ${instant(span.to)} UTC` : ""}: ` +
      `${amount(fresh.length, "endpoint")} that the configuration lacks. Each class is a guess: read them.`,
    ...(missing === 0 ? [] : [`Left out: ${amount(missing, "route")} where nothing was ever found (404, 405, 410).`]),
    ...(beyond === 0 ? [] : [`Left out: ${amount(beyond, "request")} for more different paths than are told apart.`]),
    ...(listed.length === 0 ? [] : ["In the configuration already:", ...listed.map((line) => `  ${line}`)]),
  ];
}
