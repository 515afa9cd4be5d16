import swagger from "@fastify/swagger";
import swaggerUi from "@fastify/swagger-ui";
import type { FastifyInstance, RouteOptions } from "fastify";
import { jsonSchemaTransform, jsonSchemaTransformObject } from "fastify-type-provider-zod";
import type { Access } from "./access.ts";
import { errorBody } from "./api-error.ts";

const prefix = "/docs";

/**
 * Describes the routes that are added later, at `/docs` and `/docs/json`. Each gets the error answer,
 * and says whether it takes a token; each has to say who may use it.
 */
export function addOpenApi(app: FastifyInstance, version: string): void {
  app.addHook("onRoute", (route) => {
    const { url } = route;
    // Swagger UI's own files.
    if (url === prefix || url.startsWith(`${prefix}/`)) route.config = { ...route.config, access: "page" };
    const access = route.config?.access;
    if (!access) throw new Error(`route ${url} does not say who may use it`);
    describe(route, access);
  });
  void app.register(swagger, {
    openapi: {
      openapi: "3.1.0",
      info: {
        title: "gatewatch",
        version,
        description: "Incidents, detections, decisions and the state of the service. All times are epoch milliseconds.",
      },
      components: { securitySchemes: { token: { type: "http", scheme: "bearer" } } },
    },
    transform: jsonSchemaTransform,
    transformObject: (document) => withoutInputVariants(jsonSchemaTransformObject(document)),
  });
  void app.register(swaggerUi, {
    routePrefix: prefix,
    uiConfig: { docExpansion: "list", validatorUrl: null },
    theme: {
      title: "gatewatch API",
      css: [{ filename: "gatewatch.css", content: ".swagger-ui .topbar { display: none }" }],
    },
  });
}

// helpers

type ApiDocument = ReturnType<typeof jsonSchemaTransformObject>;

/** Named schemas are answers here; their variants for requests are never referred to. */
function withoutInputVariants(document: ApiDocument): ApiDocument {
  if (!("components" in document) || !document.components?.schemas) return document;
  const schemas = Object.entries(document.components.schemas).filter(([name]) => !name.endsWith("Input"));
  return { ...document, components: { ...document.components, schemas: Object.fromEntries(schemas) } } as ApiDocument;
}

function describe(route: RouteOptions, access: Access): void {
  if (!route.schema || access === "page") return;
  const response: Record<string, unknown> = { ...(route.schema.response as object | undefined) };
  if (access !== "check" && access !== "open") response["4xx"] ??= errorBody;
  response["5xx"] ??= errorBody;
  route.schema = { ...route.schema, response, security: access === "open" ? [] : [{ token: [] }] };
}
