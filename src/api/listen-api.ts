import type { FastifyInstance } from "fastify";
import { GatewatchError } from "../errors.ts";
import type { ApiConfig } from "./api-config.ts";
import { isLoopback } from "./listen-address.ts";

/**
 * Begins to listen; resolves to the address (`http://127.0.0.1:8080`). Throws `LISTEN_REFUSED` when
 * the address is not free or not this machine's, or is open to others while there are no tokens.
 */
export async function listenApi(app: FastifyInstance, config: Pick<ApiConfig, "listen" | "tokens">): Promise<string> {
  const { host, port } = config.listen;
  const shown = `${host.includes(":") ? `[${host}]` : host}:${port}`;
  if (config.tokens.length === 0 && !isLoopback(host)) {
    throw new GatewatchError(
      "LISTEN_REFUSED",
      `api.listen is ${shown}, which others can reach, and there are no api.tokens.`,
      {
        remedy: `Add api.tokens, or listen on 127.0.0.1:${port}.`,
      },
    );
  }
  try {
    return await app.listen({ host, port });
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
    const known = typeof code === "string" ? listenErrors[code] : undefined;
    if (!known) throw cause;
    throw new GatewatchError("LISTEN_REFUSED", `api.listen: ${shown} ${known.message}`, {
      remedy: known.remedy,
      cause,
    });
  }
}

// helpers

const listenErrors: Readonly<Record<string, { message: string; remedy: string }>> = {
  EADDRINUSE: {
    message: "is in use by another process.",
    remedy: "Stop that process, or choose another port under api.listen.",
  },
  EACCES: {
    message: "is not allowed for this user.",
    remedy: "Choose a port above 1023 under api.listen.",
  },
  EADDRNOTAVAIL: {
    message: "is not an address of this machine.",
    remedy: "Use an address of this machine under api.listen, such as 127.0.0.1.",
  },
  ENOTFOUND: {
    message: "is a name that does not resolve.",
    remedy: "Use an address of this machine under api.listen, such as 127.0.0.1.",
  },
};
