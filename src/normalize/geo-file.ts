import { readFile, stat } from "node:fs/promises";
import { Reader, type Response } from "maxmind";
import { GatewatchError } from "../errors.ts";
import type { GeoPlace } from "./geo-place.ts";
import { asnOf, countryOf, withinOf } from "./read-value.ts";

/** A file of places that is in memory. */
export interface GeoFile {
  readonly path: string;
  /** When its data were put together, epoch ms, as far as it says. */
  readonly builtAt: number | undefined;
  /** Changes when the file does: which one it is, how long, and when it was written. */
  readonly stamp: string;
  /** What it knows of an address in canonical text; `undefined` when nothing. Never throws. */
  find(ip: string): Partial<GeoPlace> | undefined;
}

/**
 * Reads a file in MaxMind's format into memory (the metadata are at its end, so that one that was
 * cut short has none). Throws `GEO_INVALID`, which names the file, what is wrong and how to mend it.
 */
export async function openGeoFile(path: string): Promise<GeoFile> {
  try {
    const stamp = await stampOf(path);
    const data = await readFile(path);
    if ((await stampOf(path)) !== stamp) throw new Error("it is being written at this moment");
    const reader = readerOf(data);
    return {
      path,
      stamp,
      builtAt: builtAtOf(reader.metadata.buildEpoch),
      find(ip) {
        // An IPv6 address would be looked up by its first 32 bits, and found somewhere.
        if (reader.metadata.ipVersion === 4 && ip.includes(":")) return undefined;
        try {
          return placeOf(reader.get(ip));
        } catch {
          return undefined; // not an address, or a record that is damaged
        }
      },
    };
  } catch (cause) {
    throw geoInvalid(path, cause);
  }
}

/** Throws what the system says when there is no such file. */
export async function stampOf(path: string): Promise<string> {
  const { ino, size, mtimeMs } = await stat(path);
  return `${ino}:${size}:${mtimeMs}`;
}

/** The error for a file that can't be used. */
export function geoInvalid(path: string, cause: unknown): GatewatchError {
  return new GatewatchError("GEO_INVALID", `geo.database: ${path} can't be used: ${whyNot(cause)}`, {
    remedy:
      "Give the path of a whole, unpacked .mmdb file (MaxMind's format; download it again if in doubt), or set geo.database to default or none.",
    cause,
  });
}

// helpers

const marker = Buffer.from("\xab\xcd\xefMaxMind.com", "latin1");
/** The metadata stand in the last 128 KiB of a file (MaxMind DB file format, 2.0). */
const metadataWithin = 128 * 1024;
/** Between the tree and the data. */
const separator = 16;

/** Addresses all over the internet; a file whose records can't be read for one of them is damaged. */
const samples = Array.from({ length: 256 }, (_, i) => [
  `${1 + ((i * 7) % 223)}.${(i * 31) % 256}.${(i * 101) % 256}.1`,
  `2${(i % 16).toString(16)}0${(i % 10).toString(16)}:${(i * 257).toString(16)}::`,
]).flat();

function readerOf(data: Buffer): Reader<Response> {
  if (data.length === 0) throw new Error("it is empty");
  if (data[0] === 0x1f && data[1] === 0x8b) throw new Error("it is packed (gzip)");
  if (data[0] === 0x50 && data[1] === 0x4b) throw new Error("it is packed (zip)");
  // Looked for here: the library searches the whole file, byte by byte.
  const end = data.subarray(-metadataWithin).lastIndexOf(marker);
  if (end < 0) throw new Error("it is cut short, or no database in MaxMind's format");
  const reader = orDamaged("metadata", () => new Reader<Response>(data));
  const { metadata } = reader;
  const { binaryFormatMajorVersion: version, ipVersion, nodeCount, searchTreeSize } = metadata;
  if (version !== 2) throw new Error(`its format's version is ${version}, and expected is 2`);
  if (ipVersion !== 4 && ipVersion !== 6) throw new Error("its metadata are damaged");
  const dataBefore = data.length - Math.min(data.length, metadataWithin) + end;
  if (!(Number.isSafeInteger(nodeCount) && nodeCount > 0 && searchTreeSize + separator <= dataBefore)) {
    throw new Error("it is shorter than its metadata say");
  }
  for (const ip of samples) {
    if (ipVersion === 4 && ip.includes(":")) continue;
    const record: unknown = orDamaged("records", () => reader.get(ip));
    if (record !== null && fieldsOf(record) === undefined) throw new Error("its records are damaged");
  }
  return reader;
}

function orDamaged<T>(what: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw new Error(`its ${what} are damaged`, { cause });
  }
}

function whyNot(cause: unknown): string {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  if (code === "ENOENT") return "there is no such file";
  if (code === "EACCES") return "it may not be read";
  if (code === "EISDIR") return "it is a folder";
  return cause instanceof Error ? cause.message : String(cause);
}

function builtAtOf(epoch: Date): number | undefined {
  const time = epoch.getTime();
  return time > 0 ? time : undefined;
}

type Fields = Readonly<Record<string, unknown>>;

/**
 * Flat records (DB-IP's `country_code`, IPinfo's `asn`), and MaxMind's nested ones
 * (`country.iso_code`, `location.latitude`). What is no country, coordinate or number is nothing.
 */
function placeOf(record: unknown): Partial<GeoPlace> | undefined {
  const fields = fieldsOf(record);
  if (fields === undefined) return undefined;
  const location = fieldsOf(fields.location) ?? fields;
  const country = fieldsOf(fields.country) ?? fieldsOf(fields.registered_country);
  const traits = fieldsOf(fields.traits);
  return {
    country: countryOf(country?.iso_code ?? fields.country_code ?? fields.country),
    latitude: withinOf(location.latitude ?? location.lat, -90, 90),
    longitude: withinOf(location.longitude ?? location.lng, -180, 180),
    asn: asnOf(fields.autonomous_system_number ?? traits?.autonomous_system_number ?? fields.asn),
  };
}

function fieldsOf(value: unknown): Fields | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : undefined;
}
