import type { Comparison } from "./compare-case.ts";

/** A difference that is meant, and why. */
export interface KnownDifference {
  readonly reason: string;
  readonly holds: (comparison: Comparison) => boolean;
}

/** Whatever differs and is none of these is a mistake. */
export const knownDifferences: readonly KnownDifference[] = [
  {
    reason: "no HTTP: what the client sent has neither a method nor a path; rejected as no_method, and counted",
    holds: ({ rejected, parserCase }) =>
      rejected === "no_method" &&
      (parserCase.expected?.method === undefined || parserCase.expected.method === "<BADREQ>"),
  },
  {
    reason:
      "only a header names the client: ours is its entry nearest to Envoy, theirs the farthest, which the client writes",
    holds: ({ format, differences }) =>
      format === "envoy-text" && differences.length === 1 && differences[0]?.startsWith("client:") === true,
  },
  {
    reason: "no status: Traefik had none to write, and a guessed one would be wrong",
    holds: ({ rejected, parserCase }) =>
      rejected === "no_status" && parserCase.suite === "CrowdSec traefik" && parserCase.expected?.status === undefined,
  },
  {
    reason:
      "the start is the end less the time it took; in these lines, out of AWS's manual, the two contradict each other",
    holds: ({ parserCase, differences }) =>
      parserCase.suite === "CrowdSec aws-alb" &&
      differences.length === 1 &&
      differences[0]?.startsWith("time:") === true,
  },
  {
    reason: "CloudFront's standard log as a file with tabs: that goes to S3, and not to Kafka",
    holds: ({ rejected, parserCase }) =>
      rejected === "unknown_format" && /^\d{4}-\d\d-\d\d\t\d\d:\d\d:\d\d\t/.test(parserCase.line),
  },
  {
    reason: "S3 serves files; its access log is none of a gateway",
    holds: ({ rejected, parserCase }) => rejected === "unknown_format" && parserCase.name.startsWith("S3_ACCESS_LOG"),
  },
  {
    reason: "a text format of Nginx Proxy Manager, and none of nginx's",
    holds: ({ rejected, parserCase }) =>
      rejected === "unknown_format" && parserCase.name.startsWith("nginx_http-catch-npm"),
  },
  {
    reason: "a host's own envelope, with words of its own before the line",
    holds: ({ rejected, parserCase }) =>
      rejected === "unknown_format" && parserCase.name.startsWith("base-upsun-httplog"),
  },
];
