import type { FastifyError, FastifyReply, FastifyRequest } from "fastify";
import { hasZodFastifySchemaValidationErrors } from "fastify-type-provider-zod";
import type { Log } from "../log.ts";
import { ApiError } from "./api-error.ts";

/** Turns whatever a request ended with into the one error shape; what is our own fault is logged. */
export function createErrorHandler(log: Log) {
  return (error: FastifyError | Error, request: FastifyRequest, reply: FastifyReply): void => {
    const known = toApiError(error);
    if (known.code === "INTERNAL") {
      log.error({ err: error, method: request.method, route: request.routeOptions.url }, "request failed");
    }
    void reply.code(known.statusCode).headers(known.headers).type(json).send(JSON.stringify(known.body));
  };
}

/** Answers what no route matches. */
export function answerNotFound(_request: FastifyRequest, reply: FastifyReply): void {
  const error = new ApiError("NOT_FOUND", "There is nothing at this address.", {
    remedy: "See /docs for what there is.",
  });
  void reply.code(404).type(json).send(JSON.stringify(error.body));
}

// helpers

const json = "application/json; charset=utf-8";

function toApiError(error: FastifyError | Error): ApiError {
  if (error instanceof ApiError) return error;
  if (hasZodFastifySchemaValidationErrors(error)) return badRequest(error);
  const status = "statusCode" in error ? error.statusCode : undefined;
  if (status === 413) return new ApiError("TOO_LARGE", "The body is too large.");
  if (status === 415) {
    return new ApiError("UNSUPPORTED_TYPE", "The body's type is not accepted.", {
      remedy: "Send JSON, with Content-Type: application/json.",
    });
  }
  if (status === 503) return new ApiError("UNAVAILABLE", "The service is stopping.");
  if (status !== undefined && status >= 400 && status < 500) return new ApiError("BAD_REQUEST", error.message);
  // What went wrong inside is for the log, not for whoever asked.
  return new ApiError("INTERNAL", "Something went wrong here; the log has the details.");
}

function badRequest(
  error: Pick<FastifyError, "validationContext"> & { validation: readonly ValidationIssue[] },
): ApiError {
  const problems = error.validation.map((issue) => ({
    path: pathOf(error.validationContext, issue.instancePath),
    message: issue.message ?? "not valid",
  }));
  const message = problems.map((problem) => `${problem.path}: ${problem.message}`).join("; ");
  return new ApiError("BAD_REQUEST", message, { problems, remedy: "See /docs for what is expected." });
}

/** `body.reason`, as a person would name it. */
function pathOf(context: string | undefined, instancePath: string): string {
  const where = context === "querystring" ? "query" : (context ?? "request");
  return [where, ...instancePath.split("/").filter(Boolean)].join(".");
}

interface ValidationIssue {
  readonly instancePath: string;
  readonly message?: string | undefined;
}
