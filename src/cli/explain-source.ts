import type { Config } from "../config.ts";
import { GatewatchError } from "../errors.ts";
import type { SourceOptions } from "../normalize/source-state.ts";

/** The source as which records are read. */
export interface ExplainedSource extends SourceOptions {
  readonly name: string;
  readonly maxRecordBytes: number;
  /** False: it stands in for one, since none of the configuration's was meant. */
  readonly isConfigured: boolean;
  /** Who named the format; `undefined`: nobody, it is to be found. */
  readonly formatNamedBy: string | undefined;
}

/** What a person said of it. */
export interface SourceChoice {
  /** Which source of the configuration; needed only where there are several. */
  readonly source: string | undefined;
  /** In place of the source's own. */
  readonly format: string | undefined;
  readonly timeZone: string | undefined;
}

/**
 * The source that was named, or the configuration's only one, or else one that stands in for it.
 * `config` is from `loadTrialConfig` with its sources as they read. Throws `CONFIG_INVALID` when no
 * source has the name.
 */
export function chooseSource(config: Config, { source, format, timeZone }: SourceChoice): ExplainedSource {
  // The one that is there where a configuration has none is of this type, and no other.
  const known = config.sources.filter(({ type }) => type !== "stdin");
  const named = known.find(({ name }) => name === source);
  if (source !== undefined && named === undefined) throw noSuchSource(source, known);
  const chosen = named ?? (known.length === 1 ? known[0] : undefined);
  const name = chosen?.name ?? "log";
  const read = format ?? chosen?.format ?? "auto";
  return {
    name,
    gateway: chosen?.gateway ?? name,
    format: read,
    timeZone: timeZone ?? chosen?.timeZone ?? "UTC",
    trustClientIp: chosen?.trustClientIp ?? false,
    maxRecordBytes: (chosen ?? config.sources[0]!).maxRecordBytes,
    isConfigured: chosen !== undefined,
    formatNamedBy: read === "auto" ? undefined : format === undefined ? `the source ${name}` : "--format",
  };
}

// helpers

function noSuchSource(source: string, known: Config["sources"]): GatewatchError {
  return new GatewatchError("CONFIG_INVALID", `There is no source ${source}.`, {
    remedy:
      known.length === 0
        ? "Name a configuration that has it: --config FILE."
        : `Known: ${known.map(({ name }) => name).join(", ")}.`,
  });
}
