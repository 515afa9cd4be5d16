import { spawnSync } from "node:child_process";
import { freePort } from "../free-port.ts";
import { documented } from "./documented.ts";
import type { Gateway, Upstreams } from "./gateway.ts";
import { linesOf, startServer } from "./server-process.ts";

/** nginx with our JSON and its own `combined`. */
export const nginxGateway: Gateway = {
  name: "nginx",
  logs: ["nginx-json", "nginx-combined"],

  async missing() {
    if (!spawnSync("nginx", ["-v"]).error) return undefined;
    const reason = "nginx (Debian package nginx-light) is not installed";
    if (process.env["CI"]) throw new Error(reason);
    return reason;
  },

  async start(upstreams) {
    const port = await freePort();
    const server = await startServer({
      name: "nginx",
      program: "nginx",
      arguments: (directory) => ["-p", directory, "-e", "stderr", "-c", `${directory}/nginx.conf`],
      files: (directory) => ({ "nginx.conf": config(directory, port, upstreams) }),
      port,
      stopSignal: "SIGQUIT",
    });
    return {
      port,
      async stop() {
        await server.stop();
        const logs = new Map([
          ["nginx-json", linesOf(server.read("json.log"))],
          ["nginx-combined", linesOf(server.read("combined.log"))],
        ]);
        server.remove();
        return logs;
      },
    };
  },
};

// helpers

function config(directory: string, port: number, { up, down }: Upstreams): string {
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
  return `
daemon off;
worker_processes 1;
pid ${directory}/nginx.pid;
error_log stderr error;
events {}
http {
${temporary.map((name) => `  ${name}_temp_path ${directory}/${name};`).join("\n")}
  ${documented("nginx, JSON", "nginx")}
  access_log ${directory}/json.log gatewatch;
  access_log ${directory}/combined.log combined;
  limit_req_zone $uri zone=search:1m rate=1r/m;
  limit_req_status 429;
  server {
    listen 127.0.0.1:${port};
    listen [::1]:${port};
    proxy_set_header Host $host;
    location / { proxy_pass http://127.0.0.1:${up}; }
    location = /v1/limited { limit_req zone=search; proxy_pass http://127.0.0.1:${up}; }
    location = /v1/down { proxy_pass http://127.0.0.1:${down}; }
  }
}
`;
}
