import { dirname, resolve } from "node:path";
import { loadSection } from "../config.ts";
import { GatewatchError } from "../errors.ts";
import { providerNames, type ProviderName } from "../normalize/provider-list.ts";
import { refreshProvider } from "../normalize/provider-refresh.ts";
import { canRefresh } from "../normalize/provider-source.ts";
import { loadTrustedNetworks } from "../normalize/trusted-networks.ts";
import type { CliContext } from "./cli-context.ts";
import { table } from "./text-layout.ts";

/** `gatewatch proxies list`: each provider's list, and where it is from. */
export async function runProxiesList(
  options: { readonly configFile: string; readonly json: boolean },
  context: CliContext,
): Promise<number> {
  const { lists, named } = await loadLists(options.configFile, context);
  const rows = lists.map(({ name, date, networks, source, file, isShipped, holds }) => ({
    ...{ name, inUse: named.has(name), date, count: networks.length, isShipped, source, file, holds },
  }));
  if (options.json) {
    context.stdout(`${JSON.stringify({ providers: rows }, undefined, 2)}\n`);
    return 0;
  }
  const lines = table([
    ["provider", "in use", "of", "networks", "published at", "file"],
    ...rows.map(({ name, inUse, date, count, source, file }) => [name, inUse ? "yes" : "no", date, String(count), source, file]), // prettier-ignore
  ]);
  context.stdout(`${lines.join("\n")}\n`);
  for (const { name, holds } of rows) context.stdout(`${name}: ${holds}.\n`);
  return 0;
}

/** `gatewatch proxies refresh`: downloads lists into the data directory. Returns 1 when one could not be had. */
export async function runProxiesRefresh(
  options: {
    readonly configFile: string;
    readonly names: readonly string[];
    readonly url: string | undefined;
    readonly force: boolean;
  },
  context: CliContext,
): Promise<number> {
  const names = wantedNames(options.names);
  if (options.url !== undefined && names.length !== 1) {
    throw new GatewatchError("COMMAND_FAILED", "--url is of one list.", { remedy: "Name one provider with it." });
  }
  const { lists, dataDirectory } = await loadLists(options.configFile, context);
  let code = 0;
  for (const name of names) {
    const known = lists.find((list) => list.name === name)!;
    try {
      const { list, file } = await refreshProvider({
        ...{ name, dataDirectory, known, url: options.url, takesLess: options.force },
        ...{ fetch: context.fetch, clock: context.clock },
      });
      context.stdout(
        `${name}: ${list.networks.length} networks of ${list.date} (${known.networks.length} before), in ${file}\n`,
      );
    } catch (error) {
      code = 1;
      context.stderr(`${name}: no new list: ${reasonOf(error)}. The one of ${known.date} stays.\n`);
    }
  }
  if (code === 0) context.stdout("A running service takes them over within seconds.\n");
  return code;
}

// helpers

async function loadLists(configFile: string, context: CliContext) {
  const from = { file: configFile, env: context.env };
  const directory = dirname(resolve(configFile));
  const { dataDirectory: written } = await loadSection(from, "service");
  const dataDirectory = resolve(directory, written);
  const { trusted } = await loadSection(from, "proxies");
  const { lists, problems } = await loadTrustedNetworks([...providerNames], dataDirectory);
  for (const { file, message } of problems) context.stderr(`${file}: ${message}\n`);
  return { lists, named: new Set<unknown>(trusted), dataDirectory };
}

function wantedNames(names: readonly string[]): readonly ProviderName[] {
  const unknown = names.find((name) => !(providerNames as readonly string[]).includes(name));
  if (unknown !== undefined) {
    throw new GatewatchError("COMMAND_FAILED", `There is no provider ${unknown}.`, {
      remedy: `Known: ${providerNames.join(", ")}. Networks of others go into a file: { file: PATH } under proxies.trusted.`,
    });
  }
  return names.length > 0 ? (names as readonly ProviderName[]) : providerNames.filter(canRefresh);
}

function reasonOf(error: unknown): string {
  const { message, cause } = error as Error;
  const inner = cause instanceof Error ? ` (${cause.message})` : "";
  return `${message}${inner}`;
}
