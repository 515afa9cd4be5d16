import { BoundedCache } from "./bounded-cache.ts";
import type { GeoFile } from "./geo-file.ts";
import type { GeoLookup, GeoPlace } from "./geo-place.ts";
import { parseIPv4 } from "./ipv4.ts";

/** Decoding a record costs about a microsecond; visitors come back. At most 20 MiB. */
const cachedPlaces = 65_536;

/** Asks several files for an address: of each field, what the first one says that knows it. */
export class PlaceFinder implements GeoLookup {
  #files: readonly GeoFile[];
  /** IPv4 by number, so that no text of a log line is kept for its sake. */
  readonly #places = new BoundedCache<number | string, GeoPlace | null>(cachedPlaces);
  /** Look-ups that brought something, and those that did not. */
  known = 0;
  unknown = 0;

  constructor(files: readonly GeoFile[]) {
    this.#files = files;
  }

  /** Other files from now on; what was remembered of the ones before is forgotten. */
  use(files: readonly GeoFile[]): void {
    this.#files = files;
    this.#places.clear();
  }

  lookup(ip: string): GeoPlace | undefined {
    const number = parseIPv4(ip);
    const key = number < 0 ? ip : number;
    let place = this.#places.get(key);
    if (place === undefined) {
      place = this.#find(ip) ?? null;
      this.#places.set(typeof key === "number" ? key : Buffer.from(key).toString(), place);
    }
    if (place === null) {
      this.unknown++;
      return undefined;
    }
    this.known++;
    return place;
  }

  #find(ip: string): GeoPlace | undefined {
    let found: GeoPlace | undefined;
    for (const file of this.#files) {
      const place = file.find(ip);
      if (place === undefined) continue;
      // Half a pair of coordinates would be a place where nobody is.
      const point = found?.latitude !== undefined && found.longitude !== undefined ? found : place;
      found = {
        country: found?.country ?? place.country,
        latitude: point.latitude,
        longitude: point.longitude,
        asn: found?.asn ?? place.asn,
      };
    }
    return found !== undefined && isKnown(found) ? found : undefined;
  }
}

// helpers

function isKnown({ country, latitude, longitude, asn }: GeoPlace): boolean {
  return country !== undefined || (latitude !== undefined && longitude !== undefined) || asn !== undefined;
}
