import { resolve } from "node:path";
import type { Config } from "./config-schema.ts";

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
    geo: ["default", "none"].includes(config.geo.database)
      ? config.geo
      : { ...config.geo, database: absolute(config.geo.database) },
    // TypeScript can't see through the catch-all of detectors' ids here.
    detectors: {
      ...config.detectors,
      directories: config.detectors.directories.map(absolute),
    } as Config["detectors"],
    runbooks: { ...config.runbooks, directories: config.runbooks.directories.map(absolute) },
  };
}
