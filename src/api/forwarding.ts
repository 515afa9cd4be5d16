import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { ApiError } from "./api-error.ts";
import type { Caller } from "./tokens.ts";

/** A request as another instance is to run it: without the token that proved who asked. */
export interface ForwardedRequest {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  /** JSON; absent where there was none. */
  readonly body: string | undefined;
  readonly caller: Pick<Caller, "name" | "role">;
}

/** What the other instance answered. */
export interface ForwardedAnswer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

export interface Forwarding {
  /** Rejects with an `ApiError` when no answer came. */
  readonly forward: (request: ForwardedRequest) => Promise<ForwardedAnswer>;
  /** Where the one that works can be reached, if that is known. */
  readonly leader: () => string | undefined;
}

/**
 * Has another instance run what this one can't: whatever takes a person's role, after it was judged here
 * who asks. Probes, metrics, pages and checks stay here. Streams and log lines can't be handed on.
 */
export function addForwarding(app: FastifyInstance, { forward, leader }: Forwarding): void {
  app.addHook("preValidation", async (request: FastifyRequest, reply: FastifyReply) => {
    const { access, streams } = request.routeOptions.config;
    const { caller } = request;
    if (access === "gateway" || streams) throw elsewhere(leader());
    if ((access !== "viewer" && access !== "responder" && access !== "admin") || caller === undefined) return;
    const { name, role } = caller;
    const body = request.body === undefined || request.body === null ? undefined : JSON.stringify(request.body);
    const answer = await forward({ method: request.method, url: request.url, body, caller: { name, role } });
    await reply
      .code(answer.status)
      .type(answer.type)
      .serializer((text: string) => text)
      .send(answer.body);
  });
}

// helpers

function elsewhere(leader: string | undefined): ApiError {
  return new ApiError("UNAVAILABLE", "Another instance does this now.", {
    remedy: leader === undefined ? "Ask the one that is ready: its /readyz answers 200." : `Ask ${leader}`,
  });
}
