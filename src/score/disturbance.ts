/**
 * What may go wrong between a gateway and gatewatch, and in it: `shuffle`, partitions that are behind
 * one another; `duplicates`, a twentieth of the lines twice; `late`, a twentieth half a minute late;
 * `skew`, gateways whose clocks are wrong; `restart`, in the middle of each attack; `keys`, ten times as
 * many strangers as memory has room for.
 */
export const disturbances = ["shuffle", "duplicates", "late", "skew", "restart", "keys"] as const;
export type Disturbance = (typeof disturbances)[number];
