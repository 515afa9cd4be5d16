import { resolve } from "node:path";
import type { Config, RulesConfig } from "./config-schema.ts";

/** Makes paths absolute that the file gives relative to itself. `directory` is the configuration file's. */
export function resolvePaths(config: Config, directory: string): Config {
  const absolute = (path: string) => resolve(directory, path);
  return {
    ...config,
    service: { ...config.service, dataDirectory: absolute(config.service.dataDirectory) },
    sources: config.sources.map((source) => {
      if (source.type === "file") return { ...source, path: absolute(source.path) };
      if (source.type !== "kafka" || typeof source.tls === "boolean") return source;
      const { ca, cert, key, ...rest } = source.tls;
      return {
        ...source,
        tls: { ...rest, ca: ca && absolute(ca), cert: cert && absolute(cert), key: key && absolute(key) },
      };
    }),
    endpointFiles: config.endpointFiles.map(absolute),
    proxies: {
      ...config.proxies,
      trusted: config.proxies.trusted.map((entry) =>
        typeof entry === "string" ? entry : { file: absolute(entry.file) },
      ),
    },
    geo: { ...config.geo, database: geoPaths(config.geo.database, absolute) },
    ...resolveRulePaths(config, directory),
  };
}

/** As `resolvePaths`, for the part that names detectors and runbooks. */
export function resolveRulePaths(rules: RulesConfig, directory: string): RulesConfig {
  const absolute = (path: string) => resolve(directory, path);
  return {
    // TypeScript can't see through the catch-all of detectors' ids here.
    detectors: {
      ...rules.detectors,
      directories: rules.detectors.directories.map(absolute),
    } as Config["detectors"],
    runbooks: { ...rules.runbooks, directories: rules.runbooks.directories.map(absolute) },
    teams: rules.teams,
  };
}

// helpers

function geoPaths(database: Config["geo"]["database"], absolute: (path: string) => string): typeof database {
  const path = (entry: string) => (entry === "default" || entry === "none" ? entry : absolute(entry));
  return typeof database === "string" ? path(database) : database.map(path);
}
