import type { FastifyInstance } from "fastify";
import { GatewatchError } from "../errors.ts";
import type { CrowdsecConfig } from "./block-config.ts";
import { createCrowdsecServer, type CrowdsecServerOptions } from "./crowdsec-server.ts";

/** Opens the listener for bouncers; throws `LISTEN_REFUSED` when the address is not free. */
export async function listenCrowdsec(
  config: CrowdsecConfig,
  parts: Omit<CrowdsecServerOptions, "keys" | "types">,
): Promise<FastifyInstance> {
  const server = createCrowdsecServer({ ...parts, keys: config.keys, types: config.types });
  try {
    await server.listen({ ...config.listen }); // a copy: fastify writes into it
  } catch (cause) {
    await server.close();
    throw new GatewatchError("LISTEN_REFUSED", `crowdsec.listen: ${String(cause)}`, {
      remedy: "Choose another address under crowdsec.listen, or remove the section to go without.",
      cause,
    });
  }
  return server;
}
