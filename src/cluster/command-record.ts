import { z } from "zod";
import { roles } from "../api/api-config.ts";
import type { ForwardedAnswer, ForwardedRequest } from "../api/forwarding.ts";

/** A newer form that an older version can't read gets another number. */
const version = 1;

/** As the API takes it. */
export const maxBodyBytes = 64 * 1024;
/** A broker takes 1 MiB as one record; what is larger has to be asked of the one that works itself. */
export const maxAnswerBytes = 700 * 1024;

const idSchema = z.uuid();

const askSchema = z.object({
  v: z.literal(version),
  kind: z.literal("ask"),
  id: idSchema,
  /** Epoch ms: nobody waits for an answer after this. */
  expires: z.int(),
  caller: z.object({ name: z.string().min(1).max(64), role: z.enum(roles) }),
  method: z.enum(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]),
  url: z
    .string()
    .max(4096)
    .regex(/^\/v1\/[\x21-\x7e]*$/),
  body: z.string().max(maxBodyBytes).optional(),
});

/** Whoever works has begun: it is not begun again. */
const takenSchema = z.object({ v: z.literal(version), kind: z.literal("taken"), id: idSchema });

const answerSchema = z.object({
  v: z.literal(version),
  kind: z.literal("answer"),
  id: idSchema,
  status: z.int().min(200).max(599),
  type: z.string().max(200),
  body: z.string().max(maxAnswerBytes),
});

const recordSchema = z.discriminatedUnion("kind", [askSchema, takenSchema, answerSchema]);

export type CommandRecord = z.output<typeof recordSchema>;
export type AskRecord = z.output<typeof askSchema>;

export function writeAsk(id: string, expires: number, request: ForwardedRequest): string {
  return JSON.stringify({ v: version, kind: "ask", id, expires, ...request });
}

export function writeTaken(id: string): string {
  return JSON.stringify({ v: version, kind: "taken", id });
}

export function writeAnswer(id: string, { status, type, body }: ForwardedAnswer): string {
  return JSON.stringify({ v: version, kind: "answer", id, status, type, body });
}

/** A record of the topic `commands`; `undefined` for what is none, or of a version that this one doesn't know. */
export function readCommand(text: string): CommandRecord | undefined {
  try {
    return recordSchema.safeParse(JSON.parse(text)).data;
  } catch {
    // No JSON: whoever reads counts it.
    return undefined;
  }
}
