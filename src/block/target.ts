import type { Target } from "../detect/detection.ts";
import { type Network, clientNetwork, formatNetwork, parseNetwork } from "./address.ts";

/** Longer names than this are no user ids, keys or sessions that a gateway would send. */
const maxValueLength = 256;

/**
 * The one way to write a target, so that the same one is never blocked twice under two names: an
 * IPv6 client is its /64, a range has no host bits, a country is upper case, a network's number
 * has no `AS`. `undefined` when the value doesn't fit the scope.
 */
export function canonicalTarget(target: Target): Target | undefined {
  const value = target.value.trim();
  switch (target.scope) {
    case "ip":
    case "range": {
      const network = parseNetwork(value);
      return network && networkTarget(clientNetwork(network));
    }
    case "country":
      return /^[a-z]{2}$/i.test(value) ? { scope: "country", value: value.toUpperCase() } : undefined;
    case "as": {
      const digits = /^(?:as)?(\d{1,10})$/i.exec(value)?.[1];
      return digits ? { scope: "as", value: String(Number(digits)) } : undefined;
    }
    default:
      return value.length > 0 && value.length <= maxValueLength && !/\p{Cc}/u.test(value)
        ? { scope: target.scope, value }
        : undefined;
  }
}

/** The network of an `ip` or `range` target; `undefined` for the others. */
export function targetNetwork(target: Target): Network | undefined {
  return target.scope === "ip" || target.scope === "range" ? parseNetwork(target.value) : undefined;
}

/** `scope` and `value` as one word, for maps. */
export function targetKey(target: Target): string {
  return `${target.scope} ${target.value}`;
}

// helpers

function networkTarget(network: Network): Target {
  const value = formatNetwork(network);
  return { scope: value.includes("/") ? "range" : "ip", value };
}
