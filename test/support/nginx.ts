import { spawn, spawnSync } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eventually } from "./eventually.ts";
import { freePort } from "./free-port.ts";

export interface NginxOptions {
  /** The whole configuration, as for a machine of its own; `examples/nginx/nginx.conf` by default. */
  readonly config?: string;
  readonly shopPort: number;
  readonly gatewatchPort: number;
  /** Where the customer's address comes from: `X-Forwarded-For` of this peer is believed. */
  readonly realIpFrom?: string;
}

export interface Nginx {
  readonly port: number;
  readonly url: string;
  readonly accessLog: string;
  /** What nginx itself complained about. */
  errors(): string;
  stop(): Promise<void>;
}

/** Why tests with a real nginx can't run here; throws in CI. */
export function nginxMissing(): string | undefined {
  const found = spawnSync("nginx", ["-V"], { encoding: "utf8" });
  if (!found.error && found.stderr.includes("http_auth_request_module")) return undefined;
  const reason = "nginx with its auth_request module (Debian package nginx-light) is not installed";
  if (process.env["CI"]) throw new Error(reason);
  return reason;
}

/** Runs nginx in the foreground on a free loopback port, unprivileged, in a directory of its own. */
export async function startNginx(options: NginxOptions): Promise<Nginx> {
  const directory = await mkdtemp(join(tmpdir(), "gatewatch-nginx-"));
  const port = await freePort();
  const accessLog = join(directory, "access.log");
  const written =
    options.config ?? (await readFile(join(import.meta.dirname, "../../examples/nginx/nginx.conf"), "utf8"));
  const config = replaceAll(written, [
    ["worker_processes auto;", "worker_processes 1;"],
    ["error_log /dev/stderr warn;", "error_log stderr warn;\ndaemon off;"],
    ["pid /run/nginx.pid;", `pid ${directory}/nginx.pid;`],
    [
      "access_log /var/log/nginx/access.log gatewatch;",
      `access_log ${accessLog} gatewatch;\n${temporaryPaths(directory)}`,
    ],
    [
      "# real_ip_header X-Forwarded-For;",
      options.realIpFrom ? `set_real_ip_from ${options.realIpFrom};\nreal_ip_header X-Forwarded-For;` : "",
    ],
    ["server 127.0.0.1:9000;", `server 127.0.0.1:${options.shopPort};`],
    ["server 127.0.0.1:8080;", `server 127.0.0.1:${options.gatewatchPort};`],
    ["listen 8000;", `listen 127.0.0.1:${port};`],
  ]);
  const file = join(directory, "nginx.conf");
  await writeFile(file, config);

  const nginx = spawn("nginx", ["-p", directory, "-e", "stderr", "-c", file], { stdio: ["ignore", "ignore", "pipe"] });
  let errors = "";
  nginx.stderr.setEncoding("utf8").on("data", (text: string) => (errors = (errors + text).slice(-100_000)));
  const exited = new Promise<void>((resolve) => nginx.once("exit", () => resolve()));
  const url = `http://127.0.0.1:${port}`;
  const stop = async () => {
    nginx.kill("SIGTERM");
    await exited;
    await rm(directory, { recursive: true, force: true });
  };
  try {
    await eventually("nginx to listen", async () => {
      if (nginx.exitCode !== null) throw new Error(`nginx did not start: ${errors}`);
      return canConnect(port);
    });
  } catch (error) {
    await stop();
    throw error;
  }
  return { port, url, accessLog, errors: () => errors, stop };
}

// helpers

function canConnect(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}

/** Each text must be there exactly once, so that a change of the example can't slip by unnoticed. */
function replaceAll(text: string, replacements: readonly (readonly [string, string])[]): string {
  for (const [from, to] of replacements) {
    if (text.split(from).length !== 2) throw new Error(`nginx.conf: expected exactly one ${JSON.stringify(from)}`);
    text = text.replace(from, () => to);
  }
  return text;
}

function temporaryPaths(directory: string): string {
  return ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    .map((name) => `${name}_temp_path ${directory}/${name};`)
    .join("\n");
}
