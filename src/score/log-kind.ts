/**
 * What a shop's logs tell: `bare`, nginx's combined format; `default`, a gateway's own JSON as it comes;
 * `enriched`, with the headers of the shop's application and its shop events.
 */
export const logKinds = ["enriched", "default", "bare"] as const;
export type LogKind = (typeof logKinds)[number];
