import { freePort } from "../free-port.ts";
import { caddyProgram } from "./programs.ts";
import { documented } from "./documented.ts";
import type { Gateway, Upstreams } from "./gateway.ts";
import { linesOf, startServer } from "./server-process.ts";

/** Caddy with its JSON log. Its own build has no limiter, so a rule answers with 429. */
export const caddyGateway: Gateway = {
  name: "Caddy",
  logs: ["caddy"],
  missing: () => caddyProgram.missing(),

  async start(upstreams) {
    const port = await freePort();
    const server = await startServer({
      name: "caddy",
      program: caddyProgram.path,
      arguments: (directory) => ["run", "--config", `${directory}/Caddyfile`, "--adapter", "caddyfile"],
      files: (directory) => ({ Caddyfile: config(directory, port, upstreams) }),
      port,
    });
    return {
      port,
      async stop() {
        await server.stop();
        const logs = new Map([["caddy", linesOf(server.read("access.log"))]]);
        server.remove();
        return logs;
      },
    };
  },
};

// helpers

function config(directory: string, port: number, { up, down }: Upstreams): string {
  const logging = documented("Caddy", "caddyfile").replace(
    "format json",
    `format json\n\toutput file ${directory}/access.log`,
  );
  return `
{
	admin off
	auto_https off
	persist_config off
}
http://:${port} {
	bind 127.0.0.1 [::1]
${logging}
	respond /v1/limited 429
	reverse_proxy /v1/down 127.0.0.1:${down}
	reverse_proxy 127.0.0.1:${up}
}
`;
}
