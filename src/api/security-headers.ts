import type { FastifyInstance } from "fastify";

/**
 * No inline script or style, nothing from elsewhere, no framing. `data:` images are what Swagger
 * UI's style sheet draws its arrows with.
 */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

const headers = {
  "content-security-policy": contentSecurityPolicy,
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "no-referrer",
  "cross-origin-resource-policy": "same-origin",
  "cross-origin-opener-policy": "same-origin",
} as const;

/** Puts the security headers on every answer but those to gateways, which pass headers on to clients. */
export function addSecurityHeaders(app: FastifyInstance): void {
  app.addHook("onRequest", async (request, reply) => {
    const { access } = request.routeOptions.config;
    if (access === "check") return;
    void reply.headers(headers);
    if (access !== "page") void reply.header("cache-control", "no-store");
  });
}
