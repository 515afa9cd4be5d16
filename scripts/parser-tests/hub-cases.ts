import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { parse } from "yaml";
import type { ExpectedRecord, ParserCase } from "./parser-case.ts";

/** The parsers of CrowdSec's hub whose gateways we read, as their names in a test's configuration end. */
const parsers = /(?:^|\/)(nginx|traefik|caddy|envoy|haproxy|apache2|aws-alb|aws-cloudfront)(?:-logs)?(?:\.ya?ml)?$/;

/**
 * The lines of the hub's parser tests (`.tests/NAME/*.log`) with what `parser.assert` says of them.
 * Tests of scenarios come along where they assert their parsers, too.
 */
export function hubCases(checkout: string): ParserCase[] {
  const folder = path.join(checkout, ".tests");
  return readdirSync(folder)
    .toSorted()
    .flatMap((name) => casesOf(path.join(folder, name), name));
}

// helpers

interface TestConfig {
  readonly parsers?: readonly string[] | null;
  readonly log_file?: string;
}

function casesOf(folder: string, test: string): ParserCase[] {
  const [config, asserts] = ["config.yaml", "parser.assert"].map((file) => path.join(folder, file)) as [string, string];
  if (!existsSync(config) || !existsSync(asserts)) return [];
  const { parsers: used, log_file: log } = parse(readFileSync(config, "utf8")) as TestConfig;
  const gateway = used?.map((name) => parsers.exec(name)?.[1]).find((name) => name !== undefined);
  if (gateway === undefined || log === undefined) return [];
  const results = readAsserts(readFileSync(asserts, "utf8"));
  const parsed = results.filter(({ stage, parser, ok }) => ok && stage === "s01-parse" && parsers.test(parser));
  if (parsed.length === 0) return [];
  const dated = results.filter(({ stage, time }) => stage === "s02-enrich" && time !== undefined);

  const lines = readFileSync(path.join(folder, log), "utf8").split("\n");
  return lines.flatMap((line, i) => {
    if (line.trim() === "") return [];
    // What carried the line (syslog, a container's log) is off the message by then.
    const found = takeMessage(parsed, line);
    const time = takeMessage(dated, line)?.time;
    return [
      { suite: `CrowdSec ${gateway}`, name: `${test} line ${i + 1}`, line, expected: found && recordOf(found, time) },
    ];
  });
}

function takeMessage(results: Result[], line: string): Result | undefined {
  const at = results.findIndex(
    ({ message }) => message !== "" && (line.includes(message) || line.includes(JSON.stringify(message).slice(1, -1))),
  );
  return at < 0 ? undefined : results.splice(at, 1)[0];
}

function recordOf({ meta, parsed }: Result, time: string | undefined): ExpectedRecord | undefined {
  if (meta.get("log_type") !== "http_access-log" && meta.get("http_status") === undefined) return undefined;
  const status = Number(meta.get("http_status"));
  return {
    client: meta.get("source_ip"),
    method: meta.get("http_verb"),
    path: meta.get("http_path") ?? parsed.get("request"),
    status: Number.isNaN(status) ? undefined : status,
    time: time === undefined ? undefined : Date.parse(time),
  };
}

/** What one parser made of one line. */
interface Result {
  readonly stage: string;
  readonly parser: string;
  ok: boolean;
  message: string;
  time: string | undefined;
  readonly parsed: Map<string, string>;
  readonly meta: Map<string, string>;
}

const assertion =
  /^results\["([^"]+)"\]\["([^"]+)"\]\[(\d+)\]\.(?:Success == (true|false)|Evt\.(Parsed|Meta|Enriched)\["([^"]+)"\] == (".*"))$/;

function readAsserts(text: string): Result[] {
  const results = new Map<string, Result>();
  for (const line of text.split("\n")) {
    const found = assertion.exec(line.trim());
    if (found === null) continue;
    const [, stage = "", parser = "", index = "", success, kind, key = "", quoted = ""] = found;
    const id = `${stage} ${parser} ${index}`;
    let result = results.get(id);
    if (result === undefined) {
      result = { stage, parser, ok: false, message: "", time: undefined, parsed: new Map(), meta: new Map() };
      results.set(id, result);
    }
    if (success !== undefined) result.ok = success === "true";
    else if (kind === "Meta") result.meta.set(key, unquote(quoted));
    else if (kind === "Parsed" && key === "message") result.message = unquote(quoted);
    else if (kind === "Parsed") result.parsed.set(key, unquote(quoted));
    else if (key === "MarshaledTime") result.time = unquote(quoted);
  }
  return [...results.values()];
}

const letters: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r", a: "\u0007", b: "\b", f: "\f", v: "\v" };

/** A text as Go quotes it. */
function unquote(quoted: string): string {
  return quoted.slice(1, -1).replaceAll(/\\(?:x([0-9a-f]{2})|u([0-9a-f]{4})|(.))/g, (_, byte, code, letter: string) => {
    const hex = (byte ?? code) as string | undefined;
    return hex === undefined ? (letters[letter] ?? letter) : String.fromCharCode(Number.parseInt(hex, 16));
  });
}
