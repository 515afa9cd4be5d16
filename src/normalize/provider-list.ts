import { readFileSync } from "node:fs";
import { z } from "zod";
import { isNetwork } from "./address-ranges.ts";
import { createAddressReader } from "./client-address.ts";
import { parseIPv4 } from "./ipv4.ts";

/** Operators of proxies whose addresses are published, and can be named in the configuration. */
export const providerNames = ["cloudflare", "cloudfront", "fastly", "google", "azure"] as const;
export type ProviderName = (typeof providerNames)[number];

/** A provider's networks, as one file holds them. */
export interface ProviderList {
  readonly name: ProviderName;
  /** Where it was published. */
  readonly source: string;
  /** Of what day it is: `2026-08-22`. */
  readonly date: string;
  /** What is in it, and what is not. */
  readonly holds: string;
  readonly networks: readonly string[];
}

/** The list that came with this version. */
export function shippedList(name: ProviderName): ProviderList {
  return parseProviderList(name, readFileSync(shippedFile(name), "utf8"));
}

export function shippedFile(name: ProviderName): URL {
  return new URL(`providers/${name}.json`, import.meta.url);
}

/** Reads a list's file. Throws an error that says what is wrong with it. */
export function parseProviderList(name: ProviderName, text: string): ProviderList {
  const list = listSchema.parse(JSON.parse(text));
  if (list.name !== name) throw new Error(`this is the list of ${list.name}`);
  const problem = networksProblem(list.networks);
  if (problem !== undefined) throw new Error(problem);
  return { ...list, name };
}

/** A file of one's own: one network a line; `#` begins a comment. Throws an error that names the line. */
export function parseOwnList(text: string): string[] {
  const lines = text.split("\n").map((line) => line.replace(/#.*/, "").trim());
  const bad = lines.findIndex((line) => line !== "" && !isNetwork(line));
  if (bad >= 0) throw new Error(`line ${bad + 1}: expected an address or a network in CIDR notation`);
  const networks = lines.filter((line) => line !== "");
  if (networks.length === 0) throw new Error("it names no network");
  if (networks.length > maxNetworks) throw new Error(`it names more than ${maxNetworks} networks`);
  return networks;
}

/** What is wrong with networks that were downloaded: trusting too much would let anybody forge an address. */
export function networksProblem(networks: readonly string[]): string | undefined {
  if (networks.length === 0) return "it names no network";
  if (networks.length > maxNetworks) return `it names more than ${maxNetworks} networks`;
  const bad = networks.find((text) => !isNetwork(text));
  if (bad !== undefined) return `${JSON.stringify(bad.slice(0, 60))} is no network`;
  const wide = networks.find(isTooWide);
  if (wide !== undefined) return `${wide} is wider than any provider's network`;
  const inside = networks.find(isPrivate);
  return inside && `${inside} is private, and no provider's`;
}

// helpers

const maxNetworks = 20_000;
/** Nobody who runs proxies has a wider one: Cloudflare's are /13 and /29. */
const widest = { 4: 8, 6: 19 } as const;

/** One address of each private network. */
const insides = ["10.0.0.1", "100.64.0.1", "127.0.0.1", "169.254.0.1", "172.16.0.1", "192.168.0.1", "::1", "fc00::1", "fe80::1"]; // prettier-ignore

const listSchema = z.strictObject({
  name: z.enum(providerNames),
  source: z.string().max(500),
  date: z.iso.date(),
  holds: z.string().max(500),
  networks: z.array(z.string().max(80)).min(1),
});

/** Whether it lies in a private network, or holds one. */
function isPrivate(network: string): boolean {
  const read = createAddressReader([network]);
  const own = read(network.replace(/\/.*/, ""));
  return own === undefined || own.local || insides.some((address) => read(address)?.trusted);
}

function isTooWide(network: string): boolean {
  const [address = "", bits] = network.split("/");
  const isV4 = parseIPv4(address) >= 0;
  return bits !== undefined && Number(bits) < widest[isV4 ? 4 : 6];
}
