import { createHash } from "node:crypto";
import type { FastifyPluginAsync } from "fastify";

/** A file for browsers, held in memory; it holds nothing of the traffic. */
export interface PageFile {
  /** Route templates it is served at: `/`, `/incidents/:id`. */
  readonly routes: readonly string[];
  readonly contentType: string;
  readonly body: Buffer;
}

/** Serves files from memory, with an etag; a browser asks each time and mostly hears 304. */
export function pageRoutes(files: readonly PageFile[]): FastifyPluginAsync {
  return async (app) => {
    for (const { routes, contentType, body } of files) {
      const etag = `"${createHash("sha256").update(body).digest("base64url").slice(0, 22)}"`;
      for (const url of routes) {
        app.get(url, {
          config: { access: "page" },
          schema: { hide: true },
          handler: async (request, reply) => {
            void reply.header("etag", etag).header("cache-control", "no-cache");
            if (matches(request.headers["if-none-match"], etag)) return reply.code(304).send();
            return reply.type(contentType).send(body);
          },
        });
      }
    }
  };
}

// helpers

/** RFC 9110, 13.1.2: a list of tags or `*`; weak ones count, since a proxy may have compressed the body. */
function matches(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined) return false;
  return ifNoneMatch.split(",").some((tag) => tag.trim() === "*" || tag.trim().replace(/^W\//, "") === etag);
}
