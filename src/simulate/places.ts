/** Where a client is, as a geo database would say. */
export interface Place {
  readonly country: string;
  readonly asn: number;
  /** Degrees. */
  readonly latitude: number;
  readonly longitude: number;
}
