import type { Role } from "./api-config.ts";
import { isLoopback } from "./listen-address.ts";
import { bearerToken, type Caller, type FindCaller } from "./tokens.ts";

/**
 * Who may use a route.
 * - `open`: everybody, from any host name (probes).
 * - `page`: everybody; files that hold nothing of the traffic.
 * - `viewer`, `responder`, `admin`: at least that role.
 * - `gateway`: gateways and admins.
 * - `metrics`: a viewer, or a process on this machine.
 * - `check`: gateways, admins, or a process on this machine; never refused, since a refusal of ours
 *   would lock customers out.
 */
export const accessKinds = ["open", "page", "viewer", "responder", "admin", "gateway", "metrics", "check"] as const;
export type Access = (typeof accessKinds)[number];

export interface AccessRequest {
  readonly access: Access;
  readonly authorization: string | undefined;
  /** The socket's other end. */
  readonly peer: string;
  /** True when a proxy says that it speaks for somebody else. */
  readonly forwarded: boolean;
}

export type AccessVerdict =
  | { readonly kind: "allowed"; readonly caller: Caller }
  | { readonly kind: "unauthenticated"; readonly tokenGiven: boolean }
  | { readonly kind: "forbidden"; readonly caller: Caller };

/** Says who a request is from and whether that is enough; without tokens everyone on this machine is an admin. */
export function judgeAccess(
  request: AccessRequest,
  options: { findCaller: FindCaller; tokens: boolean },
): AccessVerdict {
  const { access } = request;
  if (access === "open" || access === "page") return { kind: "allowed", caller: anonymous };
  if (!options.tokens) return { kind: "allowed", caller: local };
  const token = bearerToken(request.authorization);
  const caller = token === undefined ? undefined : options.findCaller(token);
  if (caller && roleSuffices(caller.role, access)) return { kind: "allowed", caller };
  if (isLoopback(request.peer) && (access === "check" || (access === "metrics" && !request.forwarded))) {
    return { kind: "allowed", caller: local };
  }
  return caller
    ? { kind: "forbidden", caller }
    : { kind: "unauthenticated", tokenGiven: request.authorization !== undefined };
}

/** Whether a role may use a route. */
export function roleSuffices(role: Role, access: Exclude<Access, "open" | "page">): boolean {
  if (access === "gateway" || access === "check") return role === "gateway" || role === "admin";
  return ranks[role] >= ranks[access === "metrics" ? "viewer" : access];
}

// helpers

const anonymous: Caller = { name: "anonymous", role: "viewer", byToken: false };
const local: Caller = { name: "local", role: "admin", byToken: false };
const ranks = { gateway: 0, viewer: 1, responder: 2, admin: 3 } as const satisfies Record<Role, number>;
