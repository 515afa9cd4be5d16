import { parse, stringify } from "yaml";
import { freePort } from "../free-port.ts";
import { documented } from "./documented.ts";
import type { Gateway, RunningGateway, Upstreams } from "./gateway.ts";
import { traefikProgram } from "./programs.ts";
import { trustedHop } from "./requests.ts";
import { linesOf, startServer } from "./server-process.ts";

/** Traefik has one access log at a time, so its two formats are two gateways here. */
export const traefikJsonGateway: Gateway = {
  name: "Traefik, JSON",
  logs: ["traefik-json"],
  missing: () => traefikProgram.missing(),
  start: (upstreams) => startTraefik("traefik-json", parse(documented("Traefik", "yaml")), upstreams),
};

export const traefikClfGateway: Gateway = {
  name: "Traefik, CLF",
  logs: ["traefik-clf"],
  missing: () => traefikProgram.missing(),
  start: (upstreams) => startTraefik("traefik-clf", { accessLog: { format: "common" } }, upstreams),
};

// helpers

async function startTraefik(
  log: string,
  { accessLog }: { readonly accessLog: object },
  upstreams: Upstreams,
): Promise<RunningGateway> {
  const port = await freePort();
  const server = await startServer({
    name: "traefik",
    program: traefikProgram.path,
    arguments: (directory) => [`--configFile=${directory}/traefik.yml`],
    files: (directory) => ({
      "traefik.yml": stringify({
        global: { checkNewVersion: false, sendAnonymousUsage: false },
        log: { level: "ERROR" },
        entryPoints: {
          ipv4: { address: `127.0.0.1:${port}`, forwardedHeaders: { trustedIPs: [trustedHop] } },
          ipv6: { address: `[::1]:${port}` },
        },
        accessLog: { ...accessLog, filePath: `${directory}/access.log` },
        providers: { file: { filename: `${directory}/routes.yml`, watch: false } },
      }),
      "routes.yml": stringify(routes(upstreams)),
    }),
    port,
    // It listens before it has read its routes.
    isReady: async () => (await fetch(`http://127.0.0.1:${port}/ready`)).ok,
  });
  return {
    port,
    async stop() {
      await server.stop();
      const logs = new Map([[log, linesOf(server.read("access.log"))]]);
      server.remove();
      return logs;
    },
  };
}

function routes({ up, down }: Upstreams): object {
  const service = (port: number) => ({ loadBalancer: { servers: [{ url: `http://127.0.0.1:${port}` }] } });
  return {
    http: {
      routers: {
        ready: { rule: "Path(`/ready`)", service: "up", observability: { accessLogs: false } },
        shop: { rule: "PathPrefix(`/`)", service: "up" },
        search: { rule: "Path(`/v1/limited`)", service: "up", middlewares: ["limit"] },
        down: { rule: "Path(`/v1/down`)", service: "down" },
      },
      middlewares: { limit: { rateLimit: { average: 1, period: "60s", burst: 1 } } },
      services: { up: service(up), down: service(down) },
    },
  };
}
