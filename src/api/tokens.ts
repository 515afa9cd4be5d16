import { createHash, timingSafeEqual } from "node:crypto";
import type { ApiConfig, Role } from "./api-config.ts";

/** Whoever a request speaks for; `name` goes into timelines. */
export interface Caller {
  readonly name: string;
  readonly role: Role;
  /** False where everyone on this machine may ask: a browser there could have been tricked into it. */
  readonly byToken: boolean;
}

/** Finds who a bearer token belongs to. Takes as long for a wrong token as for a right one. */
export type FindCaller = (token: string) => Caller | undefined;

/** Keeps the tokens of the configuration as hashes; compares in constant time, without leaving early. */
export function createTokenFinder(tokens: ApiConfig["tokens"]): FindCaller {
  const known = tokens.map(({ name, role, sha256 }) => ({
    caller: { name, role, byToken: true },
    hash: Buffer.from(sha256, "hex"),
  }));
  return (token) => {
    const hash = createHash("sha256").update(token).digest();
    let found: Caller | undefined;
    for (const { caller, hash: expected } of known) {
      if (timingSafeEqual(hash, expected)) found = caller;
    }
    return found;
  };
}

/** The token of an `Authorization: Bearer …` header; `undefined` when there is none. */
export function bearerToken(authorization: string | undefined): string | undefined {
  return /^Bearer +([\w.~+/=-]{1,512})$/i.exec(authorization ?? "")?.[1];
}
