import Fastify from "fastify";
import { validatorCompiler } from "fastify-type-provider-zod";
import { addAccessHook } from "./api/access-hook.ts";
import { answerNotFound, createErrorHandler } from "./api/error-handler.ts";
import { healthRoutes } from "./api/health-routes.ts";
import { checkRoutes, withoutClientPath } from "./api/check-routes.ts";
import { addHttpMetrics } from "./api/http-metrics.ts";
import { listenApi } from "./api/listen-api.ts";
import { createResponseSerializer } from "./api/response-serializer.ts";
import { addSecurityHeaders } from "./api/security-headers.ts";
import type { CheckAnswer, CheckRequest } from "./block/check.ts";
import type { Clock } from "./clock.ts";
import type { Config } from "./config.ts";
import type { Lifecycle } from "./lifecycle.ts";
import type { Log } from "./log.ts";
import type { Metrics } from "./metrics.ts";

/** What a role that people don't talk to answers: is it alive, is it ready, what does it measure. */
export async function startRoleFront(options: {
  readonly config: Pick<Config, "api" | "service">;
  readonly metrics: Metrics;
  readonly clock: Clock;
  readonly log: Log;
  readonly lifecycle: Lifecycle;
  /** Why it can't do its work; empty when it can. */
  readonly ready: () => readonly string[];
  /** Answers gateways, if it does. */
  readonly check?: (request: CheckRequest) => CheckAnswer;
}): Promise<void> {
  const { config, metrics, clock, log, lifecycle, ready, check } = options;
  const answerError = createErrorHandler(log);
  const app = Fastify({
    ...{ forceCloseConnections: true, logger: false, frameworkErrors: answerError },
    rewriteUrl: ({ url = "/" }) => (check ? withoutClientPath(url) : url),
  });
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(createResponseSerializer({ metrics, log }));
  app.setErrorHandler(answerError);
  app.setNotFoundHandler(answerNotFound);
  addSecurityHeaders(app);
  addHttpMetrics(app, metrics);
  addAccessHook(app, { config: config.api, publicUrl: config.service.publicUrl, clock, metrics });
  if (check) void app.register(checkRoutes({ services: { check }, metrics, log }));
  void app.register(healthRoutes(metrics, ready));
  lifecycle.onStop("api", () => app.close());
  const address = await listenApi(app, config.api);
  log.info({ address }, "listening");
}
