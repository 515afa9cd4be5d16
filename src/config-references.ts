import type { ConfigPath, Finding } from "./config-document.ts";
import { isLoopback, listenAddress } from "./api/listen-address.ts";
import { didYouMean } from "./config-problems.ts";
import { formatNames } from "./normalize/format-list.ts";

/**
 * Names that lead nowhere, names given twice, and a configuration that reads nothing. Looks at the
 * file's data, not at the validated configuration, so that a fault elsewhere hides none of these.
 */
export function findBadReferences(value: unknown): Finding[] {
  const config = mapOf(value);
  const teams = Object.keys(mapOf(config.teams));
  const channels = Object.keys(mapOf(config.channels));
  const formats = [...formatNames, ...Object.keys(mapOf(config.formats))];

  const findings: Finding[] = [];
  const refer = (options: {
    path: ConfigPath;
    name: unknown;
    known: readonly string[];
    what: string;
    under: string;
  }) => {
    if (typeof options.name === "string" && !options.known.includes(options.name)) findings.push(unknownName(options));
  };

  if (listOf(config.sources).length === 0) findings.push(noSource);
  for (const [index, source] of listOf(config.sources).entries()) {
    const path = ["sources", index, "format"];
    refer({ path, name: mapOf(source).format, known: formats, what: "format", under: "formats" });
  }
  for (const name of Object.keys(mapOf(config.formats))) {
    if (!formatNames.includes(name)) continue;
    findings.push({ path: ["formats", name], message: "this is the name of a built-in format; choose another" });
  }
  for (const [team, settings] of Object.entries(mapOf(config.teams))) {
    for (const key of ["channels", "fallback"]) {
      for (const [index, name] of listOf(mapOf(settings)[key]).entries()) {
        refer({ path: ["teams", team, key, index], name, known: channels, what: "channel", under: "channels" });
      }
    }
  }

  findings.push(...findUnknownOwners(config, teams));
  if (config.cluster !== undefined) findings.push(...findUnshared(config));
  if (isOpenToAll(mapOf(config.api))) findings.push(openToAll);
  findings.push(...namedTwice(config.sources, ["sources"]), ...namedTwice(config.gateways, ["gateways"]));
  findings.push(...namedTwice(mapOf(config.api).tokens, ["api", "tokens"]));
  findings.push(...namedTwice(mapOf(config.crowdsec).keys, ["crowdsec", "keys"]));
  return findings;
}

/** Owners of endpoints that are no teams, in the data of a file with `endpoints:`. */
export function findUnknownOwners(value: unknown, teams: readonly string[]): Finding[] {
  return listOf(mapOf(value).endpoints).flatMap((endpoint, index): Finding[] => {
    const name = mapOf(endpoint).owner;
    if (typeof name !== "string" || teams.includes(name)) return [];
    return [unknownName({ path: ["endpoints", index, "owner"], name, known: teams, what: "team", under: "teams" })];
  });
}

// helpers

/** What another instance could not go on with. */
function findUnshared(config: Readonly<Record<string, unknown>>): Finding[] {
  const findings = listOf(config.sources).flatMap((source, index): Finding[] => {
    const { type } = mapOf(source);
    if (typeof type !== "string" || type === "kafka") return [];
    return [{ path: ["sources", index, "type"], message: `with \`cluster\`, another instance could not go on with ${type}: expected kafka`, example: "type: kafka" }]; // prettier-ignore
  });
  if (mapOf(config.store).type === "server") return findings;
  return [
    ...findings,
    {
      path: ["store"],
      message: "with `cluster`, instances share a store, and the embedded one can be opened once: expected a server",
      example: "{ type: server, url: http://clickhouse:8123 }",
    },
  ];
}

const openToAll: Finding = {
  path: ["api", "listen"],
  message: "others can reach this address, and there are no api.tokens: expected a loopback address, or tokens",
  example: "listen: 127.0.0.1:8080",
};

const noSource: Finding = {
  path: ["sources"],
  message: "there is no source: gatewatch would have nothing to read; expected at least one",
  example: "sources: [{ name: edge, type: kafka, brokers: [kafka-1:9092], topic: access-logs }]",
};

function isOpenToAll(api: Readonly<Record<string, unknown>>): boolean {
  const listen = listenAddress.safeParse(api.listen).data;
  return listen !== undefined && !isLoopback(listen.host) && listOf(api.tokens).length === 0;
}

function unknownName(options: {
  path: ConfigPath;
  name: unknown;
  known: readonly string[];
  what: string;
  under: string;
}): Finding {
  const { path, known, what, under } = options;
  const meant = didYouMean(String(options.name), known);
  const hint = meant === undefined ? `known: ${known.join(", ") || "none"}` : `did you mean \`${meant}\`?`;
  const example = meant ?? known[0];
  return {
    path,
    message: `there is no ${what} of this name under \`${under}\`; ${hint}`,
    ...(example !== undefined && { example: typeof path.at(-1) === "string" ? `${path.at(-1)}: ${example}` : example }),
  };
}

function namedTwice(list: unknown, path: ConfigPath): Finding[] {
  const seen = new Map<string, number>();
  return listOf(list).flatMap((item, index): Finding[] => {
    const { name } = mapOf(item);
    if (typeof name !== "string") return [];
    const first = seen.get(name);
    if (first === undefined) seen.set(name, index);
    if (first === undefined) return [];
    return [
      { path: [...path, index, "name"], message: `${path.join(".")}[${first}] has the same name; names must differ` },
    ];
  });
}

function mapOf(value: unknown): Readonly<Record<string, unknown>> {
  return value !== null && typeof value === "object" && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
