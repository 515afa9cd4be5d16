import type { Target } from "./detection.ts";

/** Whom an `actor` key stands for, as a block's target: a user, an API key or a client. */
export function actorTarget(actor: string): Target {
  const { kind, value } = splitActor(actor);
  if (kind === "user") return { scope: "user", value };
  return kind === "key" ? { scope: "apiKey", value } : { scope: "ip", value };
}

/** An `actor` key in words, for a summary: `user anna`, `API key app-7`, `client 203.0.113.7`. */
export function actorInWords(actor: string): string {
  const { kind, value } = splitActor(actor);
  if (kind === "user") return `user ${value}`;
  return kind === "key" ? `API key ${value}` : `client ${value}`;
}

function splitActor(actor: string): { kind: string; value: string } {
  const at = actor.indexOf(":");
  return { kind: actor.slice(0, at), value: actor.slice(at + 1) };
}
