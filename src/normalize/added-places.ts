import type { AccessEvent, FieldCoverage } from "./access-event.ts";
import { addPlace } from "./add-place.ts";
import { shopEvent } from "./formats/shop-event.ts";
import type { GeoLookup } from "./geo-place.ts";

/** Adds places to events whose fields were counted before, and counts what it added. */
export class AddedPlaces {
  /** By source and format. */
  readonly #counts = new Map<string, Record<(typeof fields)[number], number>>();

  /** `format`: of the source; what the shop's application says has one of its own. */
  add(
    events: readonly AccessEvent[],
    { source, format = "none", geo }: { source: string; format?: string | undefined; geo: GeoLookup },
  ): void {
    for (const event of events) {
      const lacked = fields.filter((field) => event[field] === undefined);
      if (lacked.length === 0) continue;
      addPlace(event, geo);
      for (const field of lacked) {
        if (event[field] !== undefined)
          this.#countsOf(source, event.origin === "shop" ? shopEvent.id : format)[field]++;
      }
    }
  }

  /** The fields of a source's events with what was added to them. */
  addTo(coverage: FieldCoverage): FieldCoverage {
    const counts = this.#counts.get(nameOf(coverage.source, coverage.format));
    if (counts === undefined) return coverage;
    const withField = { ...coverage.withField };
    for (const field of fields) withField[field] = (withField[field] ?? 0) + counts[field];
    return { ...coverage, withField };
  }

  #countsOf(source: string, format: string): Record<(typeof fields)[number], number> {
    const name = nameOf(source, format);
    let counts = this.#counts.get(name);
    if (counts === undefined) this.#counts.set(name, (counts = { country: 0, asn: 0, latitude: 0, longitude: 0 }));
    return counts;
  }
}

// helpers

const fields = ["country", "asn", "latitude", "longitude"] as const;

function nameOf(source: string, format: string): string {
  return `${source}\n${format}`;
}
