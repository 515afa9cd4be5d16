import { invalidFiles, type Config } from "./config.ts";
import { loadTrustedNetworks, type TrustedNetworks } from "./normalize/trusted-networks.ts";

/**
 * The networks that `proxies.trusted` stands for. Throws `CONFIG_INVALID` when a file of one's own
 * can't be used: without it every client behind its proxies would look like one.
 */
export async function loadProxies(
  config: Pick<Config, "proxies" | "service">,
  configFile: string,
): Promise<TrustedNetworks> {
  const networks = await loadTrustedNetworks(config.proxies.trusted, config.service.dataDirectory);
  const own = networks.problems.filter(({ isOwn }) => isOwn);
  if (own.length > 0) {
    throw invalidFiles(
      configFile,
      own.map(({ file, message }) => ({ file, path: "proxies.trusted", message })),
    );
  }
  return networks;
}
