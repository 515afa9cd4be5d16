import { type ProviderList, type ProviderName, networksProblem, shippedList } from "./provider-list.ts";

/** What a provider publishes, and how its networks are told from it. */
interface ProviderSource {
  readonly url: string;
  /** A page that links to the list, in place of the list itself. */
  readonly link?: RegExp;
  /** Fewer networks are no whole list. */
  readonly least: number;
  readonly networksIn: (published: unknown) => unknown;
  /** The day it was published, where the list says so. */
  readonly dateIn?: (published: unknown) => string | undefined;
}

/**
 * Where each provider publishes its list. Google has none in a form for machines: its load balancers'
 * ranges are fixed, and named in its documentation.
 */
const sources: Readonly<Record<Exclude<ProviderName, "google">, ProviderSource>> = {
  cloudflare: {
    url: "https://api.cloudflare.com/client/v4/ips",
    least: 10,
    networksIn: (published) => {
      const { ipv4_cidrs, ipv6_cidrs } = mapOf(mapOf(published).result);
      return [...listOf(ipv4_cidrs), ...listOf(ipv6_cidrs)];
    },
  },
  cloudfront: {
    url: "https://ip-ranges.amazonaws.com/ip-ranges.json",
    least: 20,
    networksIn(published) {
      const { prefixes, ipv6_prefixes } = mapOf(published);
      const all = [...listOf(prefixes), ...listOf(ipv6_prefixes)].map(mapOf);
      const origin = all.filter(({ service }) => service === "CLOUDFRONT_ORIGIN_FACING");
      return origin.map(({ ip_prefix, ipv6_prefix }) => ip_prefix ?? ipv6_prefix);
    },
    dateIn: (published) => /^\d{4}-\d\d-\d\d/.exec(String(mapOf(published).createDate))?.[0],
  },
  fastly: {
    url: "https://api.fastly.com/public-ip-list",
    least: 10,
    networksIn(published) {
      const { addresses, ipv6_addresses } = mapOf(published);
      return [...listOf(addresses), ...listOf(ipv6_addresses)];
    },
  },
  azure: {
    url: "https://www.microsoft.com/en-us/download/details.aspx?id=56519",
    link: /https:\/\/download\.microsoft\.com\/[\w/.-]{1,200}\/ServiceTags_Public_\d{8}\.json/,
    least: 50,
    networksIn(published) {
      const tags = listOf(mapOf(published).values).map(mapOf);
      const tag = tags.find(({ name }) => name === "AzureFrontDoor.Backend");
      return listOf(mapOf(tag?.properties).addressPrefixes);
    },
  },
};

/** Whether the provider publishes a list that can be downloaded. */
export function canRefresh(name: ProviderName): boolean {
  return name in sources;
}

/** Where the provider publishes its list. */
export function publishedAt(name: ProviderName): string | undefined {
  return sourceOf(name)?.url;
}

/** The address of the list itself, where what was downloaded is the page that links to it. */
export function linkIn(name: ProviderName, text: string): string | undefined {
  return sourceOf(name)?.link?.exec(text)?.[0];
}

/** Reads what a provider published. Throws an error that says what is wrong with it. */
export function readPublished(
  name: ProviderName,
  from: { readonly text: string; readonly url: string; readonly today: string },
): ProviderList {
  const source = sourceOf(name);
  if (source === undefined) throw new Error(`${name} publishes no list that could be downloaded`);
  const published: unknown = JSON.parse(from.text);
  const networks = listOf(source.networksIn(published)).map(String);
  const problem = networksProblem(networks);
  if (problem !== undefined) throw new Error(problem);
  if (networks.length < source.least) {
    throw new Error(`it names ${networks.length} networks; a whole list has at least ${source.least}`);
  }
  const date = source.dateIn?.(published) ?? from.today;
  return { name, source: from.url, date, holds: shippedList(name).holds.replace(/ \(service tag.*?\)/, ""), networks };
}

// helpers

function sourceOf(name: ProviderName): ProviderSource | undefined {
  return name === "google" ? undefined : sources[name];
}

function mapOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
