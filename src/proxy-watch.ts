import type { Blocker } from "./block/responder.ts";
import type { Clock } from "./clock.ts";
import type { ProxyShare } from "./detect/proxy-share.ts";
import type { TrafficMemory } from "./detect/traffic-memory.ts";
import type { ServiceDetections } from "./incident/service-detections.ts";
import type { Log } from "./log.ts";
import type { Metrics } from "./metrics.ts";
import { createAddressReader } from "./normalize/client-address.ts";
import type { Normalizer } from "./normalize/normalizer.ts";
import type { ProxiesConfig } from "./normalize/proxies-config.ts";
import { canRefresh } from "./normalize/provider-source.ts";
import { fingerprintOf, loadTrustedNetworks, type TrustedNetworks } from "./normalize/trusted-networks.ts";

/** A provider's list changes a few times a year; an older one than this lacks hops by now. */
const staleMs = 90 * 86_400_000;

export interface ProxyWatchOptions {
  readonly proxies: ProxiesConfig;
  /** As loaded at the start. */
  readonly networks: TrustedNetworks;
  readonly dataDirectory: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly normalizer: Pick<Normalizer, "trust">;
  readonly memory: Pick<TrafficMemory, "proxyTrust"> & { readonly share: ProxyShare };
  readonly blocker: Pick<Blocker, "trust" | "letInBehind">;
  readonly service: Pick<ServiceDetections, "raise" | "clear">;
}

/**
 * Keeps the trusted proxies right: takes over lists that were refreshed, and opens an incident when
 * most users seem to come from one address.
 */
export class ProxyWatch {
  readonly #options: ProxyWatchOptions;
  #proxies: ProxiesConfig;
  #networks: TrustedNetworks;
  /** The files as they were when they were last looked at, whether they could be used or not. */
  #fingerprint: string;
  #reported: string | undefined;

  constructor(options: ProxyWatchOptions) {
    this.#options = options;
    this.#proxies = options.proxies;
    this.#networks = options.networks;
    this.#fingerprint = options.networks.fingerprint;
    this.#measure();
    this.#warnOfAge();
    this.#tellProblems(this.#networks);
    this.#forgetIfMended();
  }

  /** What the normalizer is to go by now. */
  get rules(): { readonly proxies: ProxiesConfig; readonly trusted: readonly string[] } {
    return { proxies: this.#proxies, trusted: this.#networks.prefixes };
  }

  #warnOfAge(): void {
    const { log, clock } = this.#options;
    for (const { name, date, file } of this.#networks.lists) {
      const ageMs = clock.now() - Date.parse(date);
      if (canRefresh(name) && ageMs > staleMs) {
        log.warn(
          { provider: name, date, file },
          `the list of ${name}'s addresses is ${Math.floor(ageMs / 86_400_000)} days old; gatewatch proxies refresh ${name} gets a new one`,
        );
      }
    }
  }

  /** Takes over lists that changed on disk. To be called every few seconds. */
  async look(): Promise<void> {
    const { dataDirectory } = this.#options;
    if ((await fingerprintOf(this.#proxies.trusted, dataDirectory)) === this.#fingerprint) return;
    await this.update(this.#proxies);
  }

  /** Takes over another configuration. A file of one's own that can't be read keeps the last good state. */
  async update(proxies: ProxiesConfig): Promise<void> {
    const { dataDirectory, normalizer, blocker, memory, log } = this.#options;
    const networks = await loadTrustedNetworks(proxies.trusted, dataDirectory);
    this.#fingerprint = networks.fingerprint;
    this.#tellProblems(networks);
    if (networks.problems.some(({ isOwn }) => isOwn)) return;
    this.#proxies = proxies;
    this.#networks = networks;
    normalizer.trust(this.rules);
    memory.share.limit(proxies.maxShare);
    this.#forgetIfMended();
    this.tick();
    await blocker.trust({ proxies: networks.trusted, providers: networks.providers });
    log.info({ networks: networks.trusted.length }, "the trusted proxies were taken over");
  }

  /** Reports what the traffic says of proxy trust. To be called every second. */
  tick(): void {
    const { memory, service, blocker, log } = this.#options;
    const found = memory.proxyTrust();
    if (found?.address === this.#reported) return;
    if (this.#reported !== undefined) service.clear("proxy-trust", this.#reported);
    this.#reported = found?.address;
    if (found === undefined) return;
    const since = new Date(memory.share.found?.since ?? 0).toISOString();
    service.raise(
      "proxy-trust",
      found.address,
      `${found.reason}; since ${since}. No address is blocked until it is named there or proxies.maxShare is raised`,
    );
    blocker
      .letInBehind(found.address, found.reason)
      .catch((err: unknown) => log.error({ err }, "blocks of a shared address could not be lifted"));
  }

  #forgetIfMended(): void {
    const { share } = this.#options.memory;
    const address = share.found?.address.replace(/\/64$/, "");
    if (address !== undefined && createAddressReader(this.rules.trusted)(address)?.trusted) share.forget();
  }

  #tellProblems({ problems }: TrustedNetworks): void {
    const { service, log } = this.#options;
    if (problems.length === 0) return service.clear("reload-failed", "proxies");
    const text = problems.map(({ file, message }) => `${file}: ${message}`).join("; ");
    log.error({ problems }, "a list of trusted proxies can't be used");
    service.raise("reload-failed", "proxies", text);
  }

  #measure(): void {
    const { metrics, clock, memory } = this.#options;
    const networks = metrics.gauge("gatewatch_normalize_proxy_networks", "Networks that are trusted as hops of ours");
    const age = metrics.gauge("gatewatch_normalize_proxy_list_age_seconds", "Age of a provider's list in use", [
      "provider",
    ]);
    const share = metrics.gauge(
      "gatewatch_detect_top_address_share",
      "The share of users that the address with most of them had, in the last ten minutes that could be judged",
    );
    Object.assign(networks, { collect: () => networks.set(this.#networks.trusted.length) });
    Object.assign(share, { collect: () => share.set(memory.share.lastShare) });
    Object.assign(age, {
      collect: () => {
        age.reset();
        for (const { name, date } of this.#networks.lists) {
          age.set({ provider: name }, (clock.now() - Date.parse(date)) / 1000);
        }
      },
    });
  }
}
