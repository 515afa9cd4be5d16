/** So many times its floor an attack is: blatant, moderate, stealthy, and too little to be told from customers. */
export const intensities = [10, 3, 1.2, 0.8] as const;
export type Intensity = (typeof intensities)[number];

/** Somebody or something that a label names, as detections and decisions name it. */
export interface LabelledEntity {
  /** `site`: the whole shop, for what has no narrower name; its value is empty. */
  readonly scope:
    | "ip" // an address; an IPv6 client is its /64, as `clientKey` is
    | "user"
    | "apiKey"
    | "session"
    | "device"
    | "country"
    | "as"
    | "route"
    | "endpointClass"
    | "userAgent"
    | "promoCode"
    | "sku"
    | "gateway"
    | "site";
  readonly value: string;
}

/** One attack or outage, as it really was. Times are epoch ms, of the events. */
export interface AttackLabel {
  /** The attack's id. */
  readonly kind: string;
  readonly intensity: Intensity;
  /** Ids of the detectors that are meant to find it; what they find at 0.8 is wrong. */
  readonly detectors: readonly string[];
  /** Who does it, and nobody else: a block of one of these is right. Empty for an outage. */
  readonly entities: readonly LabelledEntity[];
  /** What a detection of it may name and nobody may block for it: the account attacked, the route that fails. */
  readonly victims: readonly LabelledEntity[];
  /** Its first and last event. */
  readonly start: number;
  readonly end: number;
  /** When the event came that reached the floor; `null`: it never did. */
  readonly floorCrossedAt: number | null;
  /** What the floor counts, how many, and within how long (ms): `{ counts: "failed sign-ins", floor: 8, windowMs: 600000 }`. */
  readonly floor: { readonly counts: string; readonly floor: number; readonly windowMs: number };
  /** How many requests and shop events it sent itself. */
  readonly requests: number;
  readonly shopEvents: number;
}

/** Something harmless that looks like an attack: nobody of it may be blocked. */
export interface StressorLabel {
  readonly kind: string;
  /** Detectors that say no more of it than what it is: a site that compares prices does copy the catalogue. */
  readonly mayTell: readonly string[];
  /** Who takes part, where they are few enough to be named. */
  readonly entities: readonly LabelledEntity[];
  readonly start: number;
  readonly end: number;
}

/** Everything that is known of a simulation besides its lines; the labels file is this as JSON. */
export interface SimulationLabels {
  readonly seed: number;
  readonly start: number;
  readonly end: number;
  readonly format: string;
  readonly attacks: readonly AttackLabel[];
  readonly stressors: readonly StressorLabel[];
  /** Attacks that were asked for and had no room: the run is too short for them. */
  readonly skipped: readonly { readonly kind: string; readonly reason: string }[];
  /** Everybody harmless with an address, key or account of its own: NATs, partners, monitors, search bots. */
  readonly regulars: readonly { readonly kind: string; readonly entities: readonly LabelledEntity[] }[];
  readonly lines: { readonly requests: number; readonly shopEvents: number };
}
