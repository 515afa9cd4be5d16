/** Where a client is, as a geo database would say. */
export interface Place {
  readonly country: string;
  /** Networks have numbers that nobody on the internet has (RFC 5398, RFC 6996). */
  readonly asn: number;
  /** Degrees. */
  readonly latitude: number;
  readonly longitude: number;
}

const place = (country: string, asn: number, latitude: number, longitude: number): Place => ({
  country,
  asn,
  latitude,
  longitude,
});

/** Where customers live; those of a country share its providers. */
export const homes: readonly Place[] = [
  place("DE", 64500, 52.52, 13.4),
  place("DE", 64501, 53.55, 9.99),
  place("DE", 64500, 50.11, 8.68),
  place("DE", 64502, 50.94, 6.96),
  place("DE", 64501, 48.14, 11.58),
  place("DE", 64500, 48.78, 9.18),
  place("AT", 64503, 48.21, 16.37),
  place("AT", 64503, 47.07, 15.44),
  place("NL", 64504, 52.37, 4.9),
  place("FR", 64505, 48.86, 2.35),
  place("FR", 64505, 45.76, 4.84),
  place("PL", 64506, 52.23, 21.01),
  place("CH", 64507, 47.37, 8.54),
];

/** Where the addresses of mobile carriers seem to be, by country: each has a few for all its customers. */
export const carriers: Readonly<Record<string, Place>> = {
  DE: place("DE", 64510, 50.11, 8.68),
  AT: place("AT", 64511, 48.21, 16.37),
  NL: place("NL", 65536, 52.37, 4.9),
  FR: place("FR", 65537, 48.86, 2.35),
  PL: place("PL", 65538, 52.23, 21.01),
  CH: place("CH", 65539, 47.37, 8.54),
};

/** Where customers go on holiday. */
export const resorts: readonly Place[] = [
  place("ES", 65540, 39.57, 2.65),
  place("IT", 65541, 45.44, 12.32),
  place("GR", 65542, 35.34, 25.13),
  place("TR", 65543, 36.89, 30.71),
  place("US", 65544, 40.71, -74.01),
  place("TH", 65545, 13.76, 100.5),
];

/** Where commercial VPNs have their exits. */
export const vpnExits: readonly Place[] = [
  place("NL", 65546, 52.37, 4.9),
  place("SE", 65546, 59.33, 18.07),
  place("CH", 65546, 47.37, 8.54),
  place("US", 65546, 40.71, -74.01),
  place("GB", 65546, 51.51, -0.13),
];

/** Hosting providers, where monitors, partners and many attackers rent machines. */
export const dataCentres: readonly Place[] = [
  place("NL", 64520, 52.37, 4.9),
  place("DE", 64521, 50.11, 8.68),
  place("US", 64522, 39.04, -77.49),
  place("FI", 64523, 60.17, 24.94),
];

/** Consumers' networks far away, where botnets are at home. */
export const farAway: readonly Place[] = [
  place("BR", 64530, -23.55, -46.63),
  place("VN", 64531, 10.82, 106.63),
  place("IN", 64532, 19.08, 72.88),
  place("ID", 64533, -6.21, 106.85),
  place("UA", 64534, 50.45, 30.52),
  place("AR", 64535, -34.6, -58.38),
  place("EG", 64536, 30.04, 31.24),
  place("MX", 64537, 19.43, -99.13),
];
