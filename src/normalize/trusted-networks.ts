import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { isNetwork } from "./address-ranges.ts";
import {
  parseOwnList,
  parseProviderList,
  providerNames,
  shippedFile,
  shippedList,
  type ProviderList,
  type ProviderName,
} from "./provider-list.ts";
import type { ProxiesConfig } from "./proxies-config.ts";

/** One network that our own hops, or a provider's, have their addresses in. */
export interface NamedNetwork {
  readonly network: string;
  /** As people know it: the network itself, or with the list it is from, `104.16.0.0/13 (cloudflare)`. */
  readonly text: string;
}

/** A provider's list that is in force. */
export interface ListInForce extends ProviderList {
  /** The file it was read from. */
  readonly file: string;
  /** Whether it came with this version, and was never refreshed. */
  readonly isShipped: boolean;
}

/** `proxies.trusted`, with every list in the place of its name. */
export interface TrustedNetworks {
  readonly trusted: readonly NamedNetwork[];
  /** The same without their names. */
  readonly prefixes: readonly string[];
  /** Networks of all providers, named or not: none of their addresses is one client. */
  readonly providers: readonly NamedNetwork[];
  /** The lists of the providers that are named. */
  readonly lists: readonly ListInForce[];
  /** Files that can't be used; a provider's shipped list stands in for its file. */
  readonly problems: readonly ListProblem[];
  /** Changes when a file does. */
  readonly fingerprint: string;
}

/** A file that can't be used, and why. */
export interface ListProblem {
  readonly file: string;
  readonly message: string;
  /** A file of one's own: nothing stands in for it. */
  readonly isOwn: boolean;
}

/** Where refreshed lists are: one file a provider in the data directory. */
export function refreshedFile(dataDirectory: string, name: ProviderName): string {
  return join(dataDirectory, "proxies", `${name}.json`);
}

/** Reads all lists. A file that can't be used is a problem in the result; nothing is thrown for it. */
export async function loadTrustedNetworks(
  entries: ProxiesConfig["trusted"],
  dataDirectory: string,
): Promise<TrustedNetworks> {
  const fingerprint = await fingerprintOf(entries, dataDirectory);
  const problems: ListProblem[] = [];
  const lists = new Map<ProviderName, ListInForce>();
  for (const name of providerNames) lists.set(name, await listInForce(name, { dataDirectory, problems }));

  const trusted: NamedNetwork[] = [];
  const named = new Set<ProviderName>();
  for (const entry of entries) {
    if (typeof entry !== "string") {
      const networks = await ownNetworks(entry.file).catch((error: unknown) => {
        problems.push({ file: entry.file, message: messageOf(error), isOwn: true });
        return [];
      });
      trusted.push(...networks.map((network) => ({ network, text: `${network} (${entry.file})` })));
    } else if (isNetwork(entry)) trusted.push({ network: entry, text: entry });
    else {
      named.add(entry as ProviderName);
      trusted.push(...networksOf(lists.get(entry as ProviderName)!));
    }
  }
  return {
    trusted,
    prefixes: trusted.map(({ network }) => network),
    providers: [...lists.values()].flatMap(networksOf),
    lists: [...lists.values()].filter(({ name }) => named.has(name)),
    problems,
    fingerprint,
  };
}

/** Sizes and times of every file that `loadTrustedNetworks` reads. */
export async function fingerprintOf(entries: ProxiesConfig["trusted"], dataDirectory: string): Promise<string> {
  const own = entries.flatMap((entry) => (typeof entry === "string" ? [] : [entry.file]));
  const files = [...providerNames.map((name) => refreshedFile(dataDirectory, name)), ...own];
  const lines = await Promise.all(
    files.map(async (file) => {
      const found = await stat(file).catch(() => undefined); // a file that is not there differs from one that is
      return `${file} ${found?.mtimeMs} ${found?.size} ${found?.ino}`;
    }),
  );
  return lines.join("\n");
}

/** The networks of a configuration that names neither provider nor file. */
export function plainNetworks(entries: ProxiesConfig["trusted"]): string[] {
  return entries.map((entry) => {
    if (typeof entry === "string" && isNetwork(entry)) return entry;
    throw new Error("a list of trusted proxies was not loaded");
  });
}

// helpers

/** The refreshed list, or the shipped one. */
async function listInForce(
  name: ProviderName,
  from: { readonly dataDirectory: string; readonly problems: ListProblem[] },
): Promise<ListInForce> {
  const file = refreshedFile(from.dataDirectory, name);
  try {
    return { ...parseProviderList(name, await readFile(file, "utf8")), file, isShipped: false };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") {
      const message = `${messageOf(error)}; the list that came with this version is used`;
      from.problems.push({ file, message, isOwn: false });
    }
    return { ...shippedList(name), file: fileURLToPath(shippedFile(name)), isShipped: true };
  }
}

async function ownNetworks(file: string): Promise<string[]> {
  return parseOwnList(await readFile(file, "utf8"));
}

function networksOf({ name, networks }: ProviderList): NamedNetwork[] {
  return networks.map((network) => ({ network, text: `${network} (${name})` }));
}

function messageOf(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException;
  return code ?? (error instanceof Error ? error.message : String(error)).slice(0, 300);
}
