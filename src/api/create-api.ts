import Fastify, { type FastifyInstance } from "fastify";
import { validatorCompiler } from "fastify-type-provider-zod";
import type { Clock } from "../clock.ts";
import type { Log } from "../log.ts";
import type { Metrics } from "../metrics.ts";
import { addAccessHook } from "./access-hook.ts";
import type { ApiConfig } from "./api-config.ts";
import type { ApiServices } from "./api-services.ts";
import { baselineRoutes } from "./baseline-routes.ts";
import { checkRoutes, withoutClientPath } from "./check-routes.ts";
import { decisionRoutes } from "./decision-routes.ts";
import { deliveryRoutes } from "./delivery-routes.ts";
import { detectionRoutes } from "./detection-routes.ts";
import { detectorRoutes } from "./detector-routes.ts";
import { answerNotFound, createErrorHandler } from "./error-handler.ts";
import { EventHub } from "./event-hub.ts";
import { eventRoutes } from "./event-routes.ts";
import { addForwarding, type Forwarding } from "./forwarding.ts";
import type { ForwardedCallers } from "./forwarded-callers.ts";
import { healthRoutes } from "./health-routes.ts";
import { addHttpMetrics } from "./http-metrics.ts";
import { incidentRoutes } from "./incident-routes.ts";
import { logRoutes } from "./log-routes.ts";
import { addOpenApi } from "./openapi.ts";
import { pageRoutes, type PageFile } from "./page-routes.ts";
import { createResponseSerializer } from "./response-serializer.ts";
import { runbookRoutes } from "./runbook-routes.ts";
import { addSecurityHeaders } from "./security-headers.ts";
import { silenceRoutes } from "./silence-routes.ts";
import { statusRoutes } from "./status-routes.ts";

/** The largest JSON body; what people send here is small. */
const bodyLimit = 64 * 1024;

export interface ApiOptions {
  readonly config: ApiConfig;
  readonly services: ApiServices;
  /** The console's files. */
  readonly pages: readonly PageFile[];
  /** Under which people reach this service; for links. */
  readonly publicUrl: string;
  readonly version: string;
  readonly metrics: Metrics;
  readonly clock: Clock;
  readonly log: Log;
  /** Of an instance that doesn't work: who does what is asked of it. */
  readonly forwarding?: Forwarding;
  /** Of the one that works: who asked for what others have handed on. */
  readonly forwarded?: Pick<ForwardedCallers, "take"> | undefined;
}

/** Puts the API together; never listens (see `listenApi`). Closing it ends the event streams. */
export function createApi(options: ApiOptions): FastifyInstance {
  const { services, metrics, clock, log, publicUrl } = options;
  const answerError = createErrorHandler(log);
  const app = Fastify({
    bodyLimit,
    // Clients keep their connections open; a stop must not wait for them.
    forceCloseConnections: true,
    logger: false,
    routerOptions: { maxParamLength: 512 },
    rewriteUrl: ({ url = "/" }) => withoutClientPath(url),
    // What fails before there is a route: an address that can't be decoded, or is too long.
    frameworkErrors: answerError,
  });
  const serializer = createResponseSerializer({ metrics, log });
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializer);
  app.setErrorHandler(answerError);
  app.setNotFoundHandler(answerNotFound);
  addSecurityHeaders(app);
  addHttpMetrics(app, metrics);
  const { forwarding, forwarded } = options;
  addAccessHook(app, { config: options.config, publicUrl, clock, metrics, forwarded });
  if (forwarding) addForwarding(app, forwarding);
  addOpenApi(app, options.version);

  void app.register(checkRoutes({ services, metrics, log }));
  void app.register(logRoutes(services.logs));
  void app.register(incidentRoutes(services.incidents, publicUrl));
  void app.register(detectionRoutes(services.detections));
  void app.register(detectorRoutes(services.detectors));
  void app.register(baselineRoutes(services.baselines));
  void app.register(decisionRoutes(services.decisions));
  void app.register(silenceRoutes(services.silences));
  void app.register(deliveryRoutes(services.deliveries));
  void app.register(runbookRoutes(services.runbooks));
  void app.register(statusRoutes(services));
  void app.register(eventRoutes(new EventHub({ services, serializer, clock, metrics, log })));
  void app.register(healthRoutes(metrics, () => services.ready()));
  void app.register(pageRoutes(options.pages));
  return app;
}
