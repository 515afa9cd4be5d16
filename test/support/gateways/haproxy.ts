import { spawnSync } from "node:child_process";
import { createSocket } from "node:dgram";
import { freePort } from "../free-port.ts";
import { documented } from "./documented.ts";
import type { Gateway, RunningGateway, Upstreams } from "./gateway.ts";
import { linesOf, startServer } from "./server-process.ts";

/** HAProxy with `option httplog`, both bare and as syslog puts it on the wire. */
export const haproxyHttpGateway: Gateway = {
  name: "HAProxy, httplog",
  logs: ["haproxy-http", "haproxy-http over syslog"],
  missing: haproxyMissing,
  start: (upstreams) => startHaproxy("haproxy-http", "option httplog", upstreams),
};

/** HAProxy has one log format a frontend, so JSON is a gateway of its own here. */
export const haproxyJsonGateway: Gateway = {
  name: "HAProxy, JSON",
  logs: ["haproxy-json", "haproxy-json over syslog"],
  missing: haproxyMissing,
  start(upstreams) {
    // The first block is for versions from 3.0 on, the second for those before.
    const format = documented("HAProxy", "haproxy", haproxyVersion() >= 3 ? 0 : 1);
    return startHaproxy("haproxy-json", format, upstreams);
  },
};

// helpers

async function haproxyMissing(): Promise<string | undefined> {
  if (!spawnSync("haproxy", ["-v"]).error) return undefined;
  const reason = "HAProxy (Debian package haproxy) is not installed";
  if (process.env["CI"]) throw new Error(reason);
  return reason;
}

function haproxyVersion(): number {
  const said = spawnSync("haproxy", ["-v"], { encoding: "utf8" }).stdout;
  return Number(/version (\d+\.\d+)/.exec(said)?.[1]);
}

async function startHaproxy(log: string, logging: string, upstreams: Upstreams): Promise<RunningGateway> {
  const syslog = await startSyslog();
  const port = await freePort();
  const server = await startServer({
    name: "haproxy",
    program: "haproxy",
    arguments: (directory) => ["-db", "-f", `${directory}/haproxy.cfg`],
    files: () => ({ "haproxy.cfg": config({ logging, port, syslogPort: syslog.port, upstreams }) }),
    port,
    stopSignal: "SIGUSR1",
  });
  return {
    port,
    async stop() {
      await server.stop();
      server.remove();
      return new Map([
        [log, linesOf(server.output())],
        [`${log} over syslog`, await syslog.stop()],
      ]);
    },
  };
}

function config(options: { logging: string; port: number; syslogPort: number; upstreams: Upstreams }): string {
  const { logging, port, syslogPort, upstreams } = options;
  return `
global
  log stdout len 65535 format raw local0 info
  log 127.0.0.1:${syslogPort} len 65535 format rfc3164 local0 info
defaults
  mode http
  timeout connect 1s
  timeout client 10s
  timeout server 10s
  retries 0
frontend shop
  bind 127.0.0.1:${port}
  bind ::1:${port}
  log global
  option dontlognull
${logging}
  stick-table type string len 64 size 1k expire 60s store http_req_cnt
  http-request track-sc0 path if { path /v1/limited }
  http-request deny deny_status 429 if { path /v1/limited } { sc_http_req_cnt(0) gt 1 }
  use_backend down if { path /v1/down }
  default_backend up
backend up
  server up1 127.0.0.1:${upstreams.up}
backend down
  server down1 127.0.0.1:${upstreams.down}
`;
}

/** Takes what comes by UDP, as a syslog daemon would, one record a datagram. */
async function startSyslog(): Promise<{ port: number; stop(): Promise<string[]> }> {
  const records: string[] = [];
  const socket = createSocket("udp4");
  socket.on("message", (text) => records.push(text.toString("latin1").trimEnd()));
  await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
  return {
    port: socket.address().port,
    async stop() {
      // What was sent to loopback already waits in the socket's buffer.
      await new Promise((resolve) => setTimeout(resolve, 100));
      await new Promise<void>((resolve) => socket.close(() => resolve()));
      return records;
    },
  };
}
