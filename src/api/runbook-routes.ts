import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { found } from "./api-error.ts";
import type { RunbookService } from "./api-services.ts";
import { createMarkdownRenderer } from "./render-markdown.ts";
import { runbookSchema, runbookWithStepsSchema } from "./runbook-schema.ts";

const tags = ["runbooks"];

/** Runbooks: the rules, and the steps for people. */
export function runbookRoutes(runbooks: RunbookService): FastifyPluginAsyncZod {
  const render = createMarkdownRenderer();
  return async (app) => {
    app.get("/v1/runbooks", {
      config: { access: "viewer" },
      schema: {
        tags,
        summary: "List runbooks",
        response: { 200: z.object({ runbooks: z.array(runbookSchema).readonly() }) },
      },
      handler: async () => ({ runbooks: runbooks.list() }),
    });

    app.get("/v1/runbooks/:id", {
      config: { access: "viewer" },
      schema: {
        tags,
        summary: "Show a runbook with its steps",
        params: z.strictObject({ id: z.string().min(1).max(128) }),
        response: { 200: z.object({ runbook: runbookWithStepsSchema }) },
      },
      handler: async ({ params: { id } }) => {
        const runbook = found(runbooks.get(id), `runbook ${id}`);
        return { runbook: { ...runbook, html: render(runbook.steps) } };
      },
    });
  };
}
