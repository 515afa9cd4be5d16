import { z } from "zod";
import type { ActionResult } from "./api-services.ts";

/** What a request can fail with, and the status it is answered with; listed in `docs/api.md`. */
export const apiErrors = {
  BAD_REQUEST: 400,
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  HOST_REFUSED: 403,
  ORIGIN_REFUSED: 403,
  NOT_FOUND: 404,
  CONFLICT: 409,
  TOO_LARGE: 413,
  UNSUPPORTED_TYPE: 415,
  TOO_MANY_FAILURES: 429,
  BUSY: 429,
  INTERNAL: 500,
  UNAVAILABLE: 503,
  NO_ANSWER: 504,
} as const satisfies Record<string, number>;

export type ApiErrorCode = keyof typeof apiErrors;

/** The one shape of every error answer. */
export const errorBody = z
  .object({
    error: z.object({
      code: z.string().meta({ examples: ["NOT_FOUND"] }),
      message: z.string(),
      remedy: z.string().optional(),
      /** Of a bad request: each thing that is wrong, and where. */
      problems: z
        .array(z.object({ path: z.string(), message: z.string() }))
        .readonly()
        .optional(),
    }),
  })
  .meta({ id: "Error", description: "Why a request was not done" });

export type ErrorBody = z.output<typeof errorBody>;

/** Ends a request with an error answer; thrown by handlers and hooks, written by the error handler. */
export class ApiError extends Error {
  readonly code: ApiErrorCode;
  readonly remedy: string | undefined;
  readonly problems: ErrorBody["error"]["problems"];
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    code: ApiErrorCode,
    message: string,
    options: {
      remedy?: string | undefined;
      problems?: ErrorBody["error"]["problems"];
      headers?: Record<string, string>;
    } = {},
  ) {
    super(message);
    this.name = "ApiError";
    this.code = code;
    this.remedy = options.remedy;
    this.problems = options.problems;
    this.headers = options.headers ?? {};
  }

  get statusCode(): number {
    return apiErrors[this.code];
  }

  get body(): ErrorBody {
    return { error: { code: this.code, message: this.message, remedy: this.remedy, problems: this.problems } };
  }
}

/** The value, or a 404 that names what was asked for. */
export function found<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new ApiError("NOT_FOUND", `There is no ${what}.`);
  return value;
}

/** What a person's action led to, or 404 or 409 when it could not be done. */
export function done<T>(result: ActionResult<T>, what: string): T {
  if (result.kind === "refused") throw new ApiError("CONFLICT", result.reason);
  return found(result.kind === "done" ? result.value : undefined, what);
}
