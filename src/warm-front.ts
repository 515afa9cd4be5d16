import { createServer } from "node:http";
import Fastify, { type FastifyInstance } from "fastify";
import { type ApiOptions, createApi } from "./api/create-api.ts";
import { listenApi } from "./api/listen-api.ts";
import type { Forwarding } from "./api/forwarding.ts";
import type { CheckAnswer, CheckRequest } from "./block/check.ts";
import { remoteServices } from "./remote-services.ts";

export interface WarmFrontOptions extends Omit<ApiOptions, "services" | "forwarding" | "forwarded"> {
  /** Answers gateways from what whoever leads has decided. */
  readonly check: (request: CheckRequest) => CheckAnswer;
  /** How whoever leads is asked. */
  readonly forwarding: Forwarding;
  /** Why it doesn't do the work now. */
  readonly reasons: () => readonly string[];
}

/**
 * The address of an instance that may lead or not. While it is warm `/readyz` says 503, gateways are answered
 * from the topic of decisions, and people by whoever leads. Once this one leads, `show` puts the whole API
 * there; connections stay open.
 */
export class WarmFront {
  readonly #config: ApiOptions["config"];
  readonly #warm: FastifyInstance;
  readonly #front: FastifyInstance;
  #shown: FastifyInstance | undefined;

  constructor(options: WarmFrontOptions) {
    const { check, reasons, ...api } = options;
    this.#config = options.config;
    this.#warm = createApi({ ...api, services: remoteServices({ check, ready: reasons }) });
    this.#front = Fastify({
      forceCloseConnections: true,
      logger: false,
      serverFactory: () => createServer((request, response) => (this.#shown ?? this.#warm).routing(request, response)),
    });
  }

  /** Resolves to the address. Throws `LISTEN_REFUSED`. */
  async listen(): Promise<string> {
    await this.#warm.ready();
    return listenApi(this.#front, this.#config);
  }

  async show(api: FastifyInstance): Promise<void> {
    await api.ready();
    this.#shown = api;
  }

  /** Warm again. */
  hide(): void {
    this.#shown = undefined;
  }

  async close(): Promise<void> {
    await this.#front.close();
    await this.#warm.close();
  }
}
