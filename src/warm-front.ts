import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import Fastify, { type FastifyInstance } from "fastify";
import { validatorCompiler } from "fastify-type-provider-zod";
import { addAccessHook } from "./api/access-hook.ts";
import { ApiError } from "./api/api-error.ts";
import { createErrorHandler } from "./api/error-handler.ts";
import { healthRoutes } from "./api/health-routes.ts";
import { addHttpMetrics } from "./api/http-metrics.ts";
import { listenApi } from "./api/listen-api.ts";
import { createResponseSerializer } from "./api/response-serializer.ts";
import { addSecurityHeaders } from "./api/security-headers.ts";
import type { Clock } from "./clock.ts";
import type { Config } from "./config.ts";
import type { Log } from "./log.ts";
import type { Metrics } from "./metrics.ts";

export interface WarmFrontOptions {
  readonly config: Pick<Config, "api" | "service">;
  readonly metrics: Metrics;
  readonly clock: Clock;
  readonly log: Log;
  /** Why it doesn't do the work now. */
  readonly reasons: () => readonly string[];
}

/**
 * The address of an instance that may lead or not. While it is warm it says so: `/readyz` and whatever
 * else is asked answer 503. Once it leads, `show` puts the whole API there; connections stay open.
 */
export class WarmFront {
  readonly #options: WarmFrontOptions;
  readonly #app: FastifyInstance;
  #shown: FastifyInstance | undefined;

  constructor(options: WarmFrontOptions) {
    this.#options = options;
    this.#app = this.#create();
  }

  /** Resolves to the address. Throws `LISTEN_REFUSED`. */
  listen(): Promise<string> {
    return listenApi(this.#app, this.#options.config.api);
  }

  async show(api: FastifyInstance): Promise<void> {
    await api.ready();
    this.#shown = api;
  }

  /** Warm again. */
  hide(): void {
    this.#shown = undefined;
  }

  close(): Promise<void> {
    return this.#app.close();
  }

  #create(): FastifyInstance {
    const { config, metrics, clock, log, reasons } = this.#options;
    const answerError = createErrorHandler(log);
    type Handler = (request: IncomingMessage, response: ServerResponse) => void;
    const app = Fastify({
      forceCloseConnections: true,
      logger: false,
      frameworkErrors: answerError,
      serverFactory: (warm: Handler) =>
        createServer((request, response) =>
          this.#shown ? this.#shown.routing(request, response) : warm(request, response),
        ),
    });
    app.setValidatorCompiler(validatorCompiler);
    app.setSerializerCompiler(createResponseSerializer({ metrics, log }));
    app.setErrorHandler(answerError);
    app.setNotFoundHandler(() => {
      throw new ApiError("UNAVAILABLE", `This instance does not do the work now: ${reasons().join("; ")}.`, {
        remedy: "Ask the instance that is ready: its /readyz answers 200.",
      });
    });
    addSecurityHeaders(app);
    addHttpMetrics(app, metrics);
    addAccessHook(app, { config: config.api, publicUrl: config.service.publicUrl, clock, metrics });
    void app.register(healthRoutes(metrics, reasons));
    return app;
  }
}
