import { randomBytes } from "node:crypto";
import type { ApiConfig } from "./api-config.ts";
import type { Caller } from "./tokens.ts";

/** The header in which a request that was handed on shows its ticket. */
export const ticketHeader = "x-gatewatch-ticket";

/** More that are being run at a time than any runner runs; what is older is void. */
const maxTickets = 100;

/**
 * Who asked for what is run here on another instance's behalf. Each is known by a random ticket that holds
 * once, and never leaves this process.
 */
export class ForwardedCallers {
  readonly #tokens: ApiConfig["tokens"];
  readonly #tickets = new Map<string, Caller>();

  constructor(tokens: ApiConfig["tokens"]) {
    this.#tokens = tokens;
  }

  /** A ticket for one request; `undefined` for somebody whom the configuration here doesn't know by this role. */
  issue({ name, role }: Pick<Caller, "name" | "role">): string | undefined {
    const isKnown =
      this.#tokens.length === 0
        ? name === "local" && role === "admin"
        : this.#tokens.some((token) => token.name === name && token.role === role);
    if (!isKnown) return undefined;
    const ticket = randomBytes(24).toString("base64url");
    this.#tickets.set(ticket, { name, role, byToken: true });
    const oldest = this.#tickets.keys().next().value;
    if (this.#tickets.size > maxTickets && oldest !== undefined) this.#tickets.delete(oldest);
    return ticket;
  }

  /** Who shows this ticket; it is void from then on. */
  take(ticket: unknown): Caller | undefined {
    if (typeof ticket !== "string") return undefined;
    const caller = this.#tickets.get(ticket);
    this.#tickets.delete(ticket);
    return caller;
  }
}
