/** Where an address is, as far as is known. */
export interface GeoPlace {
  /** ISO 3166-1 alpha-2, upper case. */
  readonly country: string | undefined;
  readonly latitude: number | undefined;
  readonly longitude: number | undefined;
  /** The network's number. */
  readonly asn: number | undefined;
}

export interface GeoLookup {
  /** Takes canonical text; `undefined` when nothing is known. */
  lookup(ip: string): GeoPlace | undefined;
}
