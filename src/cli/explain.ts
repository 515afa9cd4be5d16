import { loadTrialConfig, type Config } from "../config.ts";
import { GatewatchError } from "../errors.ts";
import { loadProxies } from "../load-proxies.ts";
import { loadRules } from "../load-rules.ts";
import { createMetrics } from "../metrics.ts";
import { customFormat } from "../normalize/custom-format.ts";
import { formatList } from "../normalize/format-list.ts";
import { createGeoLookup } from "../normalize/geo-lookup.ts";
import type { LogFormat } from "../normalize/log-format.ts";
import { createNormalizer } from "../normalize/normalizer.ts";
import type { RawBatch } from "../source/raw-batch.ts";
import type { CliContext } from "./cli-context.ts";
import { EventExplainer } from "./explain-event.ts";
import { readInput, type TakeRecords } from "./explain-input.ts";
import { chooseSource, type ExplainedSource, type SourceChoice } from "./explain-source.ts";
import { explainText } from "./explain-text.ts";
import { EntryReader, type ExplainedEntry } from "./explained-entries.ts";
import { checkFormat, checkTimeZone } from "./read-logs.ts";
import { terminalJsonLine } from "./terminal-json.ts";
import { amount } from "./text-layout.ts";

export interface ExplainOptions extends SourceChoice {
  /** A record itself; else `file` is read. */
  readonly line: string | undefined;
  /** `-` is standard input. */
  readonly file: string;
  /** The whole input is one record; else each line is one. */
  readonly whole: boolean;
  /** Only the first so many records. */
  readonly records: number | undefined;
  readonly json: boolean;
  /** Its sources, formats, endpoints, proxies and detectors count, if it is given. */
  readonly configFile: string | undefined;
}

/**
 * `gatewatch explain [FILE]`: reads records as the service would, and prints of each log entry in
 * them how it was read and what becomes of it; with `json` one object an entry, on one line. Starts,
 * sends and writes nothing. Throws `LOGS_UNREADABLE` when there is nothing to explain.
 */
export async function runExplain(options: ExplainOptions, context: CliContext): Promise<number> {
  const { json, configFile, records = json ? mostAsJson : mostAsText } = options;
  checkTimeZone(options.timeZone);
  const config = await loadTrialConfig(configFile, context.env, { sources: "as-read" });
  const source = chooseSource(config, options);
  checkFormat(source.format, config);
  const print = await printer(config, { source, options, context });
  const told = { records: 0, more: false };

  const take: TakeRecords = (batch, outer) => {
    const entries = print.reader.read(batch).map((one) => ({ ...one, envelopes: [...outer, ...one.envelopes] }));
    for (const group of Map.groupBy(entries, ({ offset }) => offset).values()) {
      told.more = told.records === records;
      if (told.more) return "enough";
      context.stdout(print.textOf(group, { record: ++told.records, batch }));
    }
    return undefined;
  };
  await readInput({ ...options, source: source.name, maxRecordBytes: source.maxRecordBytes }, take, context);
  if (told.records === 0) {
    throw new GatewatchError("LOGS_UNREADABLE", "There is nothing to explain.", {
      remedy: "Name a file, pipe a record in, or give one with --line.",
    });
  }
  if (told.more) context.stderr(`Note: only the first ${amount(records, "record")}; --records shows more.\n`);
  return 0;
}

// helpers

/** As many as a person reads, and as a pipe may want. */
const mostAsText = 10;
const mostAsJson = 100_000;
/** A record may have thousands of entries; people are shown the first. */
const mostEntries = 20;

/** Reads records, and writes what is told of one. */
interface Printer {
  readonly reader: EntryReader;
  readonly textOf: (
    entries: readonly ExplainedEntry[],
    of: { readonly record: number; readonly batch: RawBatch },
  ) => string;
}

interface Setting {
  readonly source: ExplainedSource;
  readonly options: ExplainOptions;
  readonly context: CliContext;
}

async function printer(config: Config, { source, options, context }: Setting): Promise<Printer> {
  const configFile = options.configFile ?? "gatewatch.yaml";
  const { formats, endpoints, proxies, redact, privacy } = config;
  const networks = await loadProxies(config, configFile);
  const geo = await createGeoLookup(config.geo);
  if (geo.warning !== undefined) context.stderr(`Note: ${geo.warning}\n`);
  const rules = { endpoints, proxies, trusted: networks.prefixes, redact, privacy, geo: geo.lookup };
  const sources = new Map([[source.name, source]]);
  const normalizer = createNormalizer({ ...rules, sources, formats, metrics: createMetrics() });
  const candidates = candidatesOf(config, source.format);
  const reader = new EntryReader(normalizer, { candidates, isNamed: source.format !== "auto" });
  if (options.json) return { reader, textOf: (entries) => entries.map(jsonOf).join("") };

  if (!source.isConfigured && config.sources.length > 1) {
    context.stderr("Note: the configuration has several sources; --source NAME reads as one of them.\n");
  }
  const { detectors } = await loadRules(config, configFile);
  const explainer = new EventExplainer({ rules, networks, source, detectors });
  return {
    reader,
    textOf(entries, { record, batch }) {
      const shown = entries.slice(0, mostEntries).map((entry) => {
        const explained = explainer.explain(entry, batch.receivedAt);
        return explainText({ record, entry, explained, candidates, source });
      });
      const more = entries.length - shown.length;
      const rest =
        more > 0 ? [`And ${amount(more, "more entry").replace(/entrys$/, "entries")}; --json has all.\n`] : [];
      return `${record === 1 ? "" : "\n"}${[...shown, ...rest].join("\n")}`;
    },
  };
}

/** As the normalizer has them: those of the configuration come first. */
function candidatesOf(config: Config, format: string): readonly LogFormat[] {
  const own = Object.entries(config.formats).map(([name, one]) => customFormat(name, one));
  const all = [...own, ...formatList];
  return format === "auto" ? all : all.filter(({ id }) => id === format);
}

function jsonOf({ format, envelopes, event, rejected }: ExplainedEntry): string {
  return terminalJsonLine({
    format: format?.id ?? "none",
    envelopes,
    event: event ?? null,
    rejected: rejected === undefined ? null : { reason: rejected.reason, detail: rejected.detail },
  });
}
