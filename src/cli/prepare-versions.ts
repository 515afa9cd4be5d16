import { type Config, loadTrialConfig } from "../config.ts";
import { loadProxies } from "../load-proxies.ts";
import { loadRules } from "../load-rules.ts";
import { GatewatchError } from "../errors.ts";
import { createMetrics } from "../metrics.ts";
import { createGeoLookup } from "../normalize/geo-lookup.ts";
import { createNormalizer, type Normalizer } from "../normalize/normalizer.ts";
import type { SourceOptions } from "../normalize/source-state.ts";
import { BacktestVersion } from "../replay/backtest-version.ts";
import type { BacktestOptions, Setting } from "./backtest-options.ts";
import type { CliContext } from "./cli-context.ts";

/** One version of the rules, ready to judge. */
export interface PreparedVersion {
  readonly version: BacktestVersion;
  readonly config: Config;
  /** How it is told to people. */
  readonly label: string;
  /** Versions that read lines alike can share what is read. */
  readonly readsAs: string;
  readonly createNormalizer: (sources: ReadonlyMap<string, SourceOptions>) => Normalizer;
  /** Lines whose time lay in the future of this machine, and were taken as written now. */
  readonly clamped: () => Promise<number>;
  /** Ids of its detectors. */
  readonly known: readonly string[];
  readonly warnings: readonly string[];
}

type Asked = Pick<BacktestOptions, "configFile" | "against" | "settings" | "detectors">;

/**
 * The version that the configuration describes and, where one is asked for, the second. Throws
 * `CONFIG_INVALID` and what else a configuration may be at fault for.
 */
export async function prepareVersions(asked: Asked, { env }: Pick<CliContext, "env">): Promise<PreparedVersion[]> {
  const { configFile, against, settings, detectors } = asked;
  if (against !== undefined && settings.length > 0) {
    throw new GatewatchError("CONFIG_INVALID", "--against and --set both name the second version.", {
      remedy: "Put the settings into the file that --against names, or leave it out.",
    });
  }
  const load = async (file: string | undefined) => switchedOn(await loadTrialConfig(file, env), detectors);
  const prepared = [
    await prepare({
      ...{ name: "config", file: configFile, config: await load(configFile), detectors },
      label: configFile ?? "the defaults",
    }),
  ];
  if (against !== undefined) {
    prepared.push(
      await prepare({ name: "against", file: against, config: await load(against), detectors, label: against }),
    );
  }
  if (settings.length > 0) {
    const config = withSettings(prepared[0]!.config, settings);
    const label = settings.map(({ detector, parameter, value }) => `${detector}.${parameter}=${String(value)}`);
    prepared.push(await prepare({ name: "set", file: configFile, config, detectors, label: label.join(" ") }));
  }
  checkKnown(detectors, prepared);
  return prepared;
}

// helpers

async function prepare(of: {
  readonly name: string;
  readonly file: string | undefined;
  readonly config: Config;
  readonly detectors: readonly string[];
  readonly label: string;
}): Promise<PreparedVersion> {
  const { name, detectors, label } = of;
  const file = of.file ?? "gatewatch.yaml";
  const { config } = of;
  const rules = await loadRules(config, file);
  const known = rules.detectors.map(({ definition }) => definition.id);
  const networks = await loadProxies(config, file);
  const geo = await createGeoLookup(config.geo);
  const { formats, endpoints, proxies, redact, privacy } = config;
  const metrics = createMetrics();
  const version = new BacktestVersion({
    ...{ ...rules, name, networks, detect: config.detect, block: config.block, maxShare: proxies.maxShare },
    asnOf: geo.lookup && ((address) => geo.lookup!.lookup(address)?.asn),
    told: new Set(detectors.length === 0 ? known : detectors),
  });
  return {
    ...{ version, config, label, known },
    readsAs: JSON.stringify([formats, endpoints, networks.prefixes, proxies, redact, privacy, config.geo]),
    createNormalizer: (sources) =>
      createNormalizer({
        ...{ sources, formats, endpoints, proxies, redact, privacy },
        ...{ trusted: networks.prefixes, geo: geo.lookup, metrics },
      }),
    async clamped() {
      const { values } = await metrics
        .counter("gatewatch_normalize_clamped_total", "Events whose time lay in the future", ["source"])
        .get();
      return values.reduce((sum, { value }) => sum + value, 0);
    },
    warnings: geo.warning === undefined ? [] : [geo.warning],
  };
}

/** Whoever asks for a detector by name wants to know what it would find; one that is off blocks nobody yet. */
function switchedOn(config: Config, detectors: readonly string[]): Config {
  const { directories, ...settings } = config.detectors;
  const on = Object.entries(settings).map(([id, own]) => {
    return [id, own.mode === "off" && detectors.includes(id) ? { ...own, mode: "dry-run" as const } : own] as const;
  });
  return { ...config, detectors: { directories, ...Object.fromEntries(on) } as Config["detectors"] };
}

function withSettings(config: Config, settings: readonly Setting[]): Config {
  const detectors: Record<string, unknown> = { ...config.detectors };
  for (const { detector, parameter, value } of settings) {
    const own = (detectors[detector] ?? { mode: "active", params: {} }) as Config["detectors"][string];
    if (parameter === "mode") detectors[detector] = { ...own, mode: checkedMode(value) };
    else detectors[detector] = { ...own, params: { ...own.params, [parameter]: value } };
  }
  return { ...config, detectors: detectors as Config["detectors"] };
}

function checkedMode(value: unknown): "active" | "dry-run" | "off" {
  if (value === "active" || value === "dry-run" || value === "off") return value;
  throw new GatewatchError("CONFIG_INVALID", `There is no mode ${String(value)}.`, {
    remedy: "Known: active, dry-run, off.",
  });
}

function checkKnown(detectors: readonly string[], versions: readonly PreparedVersion[]): void {
  const known = new Set(versions.flatMap((version) => version.known));
  const unknown = detectors.filter((id) => !known.has(id));
  if (unknown.length === 0) return;
  throw new GatewatchError("CONFIG_INVALID", `There is no detector ${unknown.join(", ")}.`, {
    remedy: `Known: ${[...known].sort().join(", ")}.`,
  });
}
