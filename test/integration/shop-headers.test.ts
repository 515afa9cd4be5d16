import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { LuaFactory } from "wasmoon";
import { parse } from "yaml";
import { shopLogin } from "../../examples/application/shop-login.ts";
import type { AccessEvent } from "../../src/normalize/access-event.ts";
import { createIdentities } from "../../src/normalize/identity.ts";
import { endpointsConfig } from "../../src/normalize/endpoint-config.ts";
import { freePort } from "../support/free-port.ts";
import { nginxGateway } from "../support/gateways/nginx.ts";
import { envoyProgram } from "../support/gateways/programs.ts";
import { linesOf, type ServerOptions, type ServerProcess, startServer } from "../support/gateways/server-process.ts";
import { aNormalizer, normalizeAll } from "../support/normalizing.ts";

const key = "a-pseudonym-key-for-tests";
const missing = { nginx: await nginxGateway.missing(), envoy: await envoyProgram.missing() };
const example = (path: string) => readFileSync(new URL(`../../examples/${path}`, import.meta.url), "utf8");

const headers = ["login", "session", "outcome", "decline", "promo", "reason"].map((name) => `x-shop-${name}`);
const forged = Object.fromEntries(headers.map((name) => [name, "forged"]));

test("the application's hash of a user is the one that privacy.pseudonymKey gives, and is not hashed again", () => {
  for (const user of ["anna", "anna@shop.example", "48213", "Ünïcødé", ""]) {
    const expected = createIdentities(key).user(user);
    expect(shopLogin(key, user)).toBe(expected);
    expect(createIdentities(key).user(shopLogin(key, user))).toBe(expected);
    expect(createIdentities(undefined).user(shopLogin(key, user))).toBe(expected);
  }
});

describe.each([
  ["nginx", missing.nginx, nginx],
  ["Envoy", missing.envoy, envoy],
] as const)("%s", (_, reason, start) => {
  describe.skipIf(reason)(`with the example configuration${reason ? ` (${reason})` : ""}`, () => {
    let shop: Server;
    let gateway: Awaited<ReturnType<typeof start>>;
    const seen: Record<string, unknown>[] = [];
    const answers: { path: string; headers: Headers }[] = [];
    let events: AccessEvent[] = [];

    beforeAll(async () => {
      shop = createServer((request, response) => {
        seen.push(request.headers);
        if (request.url === "/v1/login") {
          response.setHeader("X-Shop-Login", shopLogin(key, "anna"));
          response.setHeader("X-Shop-Session", "s-17");
          response.setHeader("X-Shop-Outcome", "failed");
          response.setHeader("X-Shop-Reason", "bad_password");
        } else if (request.url === "/v1/payments") {
          response.setHeader("X-Shop-Outcome", "failed");
          response.setHeader("X-Shop-Decline", "insufficient_funds");
          response.setHeader("X-Shop-Promo", "p_5d0c2f6a");
        } else if (request.url === "/v1/echo") {
          // An application that gives back what it gets.
          for (const name of headers) response.setHeader(name, request.headers[name] ?? []);
        }
        response.setHeader("X-Other", "stays");
        response.end("{}");
      });
      await new Promise<void>((resolve) => shop.listen(0, "127.0.0.1", resolve));
      gateway = await start((shop.address() as AddressInfo).port);
      for (const path of ["/v1/login", "/v1/payments", "/v1/echo"]) {
        const answer = await fetch(`http://127.0.0.1:${gateway.port}${path}`, { method: "POST", headers: forged });
        expect(await answer.text()).toBe("{}");
        answers.push({ path, headers: answer.headers });
      }
      await new Promise((resolve) => shop.close(resolve));
      // Nobody answers any more but the gateway.
      const down = await fetch(`http://127.0.0.1:${gateway.port}/v1/login`, { method: "POST", headers: forged });
      answers.push({ path: "down", headers: down.headers });
      const lines = await gateway.stop();
      const endpoints = endpointsConfig.parse([{ method: "POST", route: "/v1/login", class: "login" }]);
      const normalizer = aNormalizer({ privacy: { pseudonymKey: key }, endpoints });
      const { events: read, rejected } = normalizeAll(normalizer, lines);
      expect(rejected).toEqual([]);
      events = [...read];
    });
    afterAll(async () => {
      await gateway?.stop();
      shop?.close();
    });

    test("a login that answers 200 has failed, of this user, for this reason", () => {
      expect(events[0]).toMatchObject({ path: "/v1/login", status: 200, outcome: "failed", sessionId: "s-17" });
      expect(events[0]?.userId).toBe(createIdentities(key).user("anna"));
      expect(events[0]?.attributes).toEqual({ reason: "bad_password" });
    });

    test("a payment has its decline class and promo code", () => {
      expect(events[1]).toMatchObject({ outcome: "failed", userId: undefined });
      expect(events[1]?.attributes).toEqual({ declineClass: "insufficient_funds", promoCode: "p_5d0c2f6a" });
    });

    test("a client can't fake them, not even with an application that gives back what it gets", () => {
      expect(seen).toHaveLength(3);
      for (const request of seen) expect(Object.keys(request).filter((name) => headers.includes(name))).toEqual([]);
      expect(events[2]).toMatchObject({
        userId: undefined,
        sessionId: undefined,
        attributes: undefined,
        outcome: "ok",
      });
      expect(JSON.stringify(events)).not.toContain("forged");
    });

    test("where the application did not answer, they say nothing", () => {
      expect(events[3]).toMatchObject({ userId: undefined, attributes: undefined, outcome: "failed" });
    });

    test("the client sees none of them, and the others", () => {
      for (const answer of answers) expect(headers.filter((name) => answer.headers.has(name))).toEqual([]);
      for (const answer of answers.slice(0, 3)) expect(answer.headers.get("x-other")).toBe("stays");
    });
  });
});

/** No Kong is at hand: its Lua is run by a Lua of ours, against the functions of Kong's that it calls. */
describe("Kong's plugin", () => {
  const { plugins } = parse(example("kong/shop-headers.yaml")) as {
    plugins: { name: string; config: Record<"access" | "header_filter", string[]> }[];
  };

  test("is one that comes with Kong", () => {
    expect(plugins.map(({ name }) => name)).toEqual(["post-function"]);
  });

  test.for<[string, string, object, object]>([
    ["the application's answer", "service", { "X-Shop-Login": "u_1", "X-Shop-Decline": "fraud" },
      { user_id: "u_1", "attributes.declineClass": "fraud" }],
    ["an answer without them", "service", {}, {}],
    ["Kong's own answer", "exit", { "X-Shop-Login": "forged" }, {}],
  ])("%s", async ([, source, answered, logged]) => {
    const { request, response, values } = await runKong(plugins[0]!.config, { source, answered });
    expect(values).toEqual(logged);
    expect(response).toEqual(["x-shop-decline", "x-shop-login", "x-shop-outcome", "x-shop-promo", "x-shop-reason", "x-shop-session"]);
    expect(request).toEqual(response);
  }); // prettier-ignore

  test("what it logs is what events are made of", () => {
    const line = JSON.stringify({
      request: { method: "POST", uri: "/v1/login", headers: {} },
      response: { status: 200, headers: {} },
      ...{ latencies: { request: 41, proxy: 38 }, started_at: Date.parse("2026-08-22T09:14:07Z") },
      ...{ client_ip: "198.51.100.23", source: "upstream" },
      ...{ user_id: "u_1", outcome: "failed", attributes: { declineClass: "fraud" } },
    });
    expect(normalizeAll(aNormalizer(), [line]).events[0]).toMatchObject({
      ...{ userId: "u_1", outcome: "failed", attributes: { declineClass: "fraud" } },
    });
  });
});

// helpers

interface Started {
  readonly port: number;
  stop(): Promise<readonly string[]>;
}

async function started(server: ServerProcess, { port }: ServerOptions, log: () => string): Promise<Started> {
  return {
    port,
    async stop() {
      await server.stop();
      const lines = linesOf(log());
      server.remove();
      return lines;
    },
  };
}

async function nginx(shopPort: number): Promise<Started> {
  const port = await freePort();
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
  const options: ServerOptions = {
    name: "nginx",
    program: "nginx",
    arguments: (directory) => ["-p", directory, "-e", "stderr", "-c", `${directory}/nginx.conf`],
    files: (directory) => ({
      "nginx.conf": changed(example("nginx/shop-headers.conf"), [
        ["worker_processes auto;", "worker_processes 1;\ndaemon off;"],
        ["error_log /dev/stderr warn;", "error_log stderr error;"],
        ["pid /run/nginx.pid;", `pid ${directory}/nginx.pid;`],
        [
          "access_log /var/log/nginx/access.log gatewatch;",
          `access_log ${directory}/access.log gatewatch;\n${temporary.map((name) => `${name}_temp_path ${directory}/${name};`).join("\n")}`,
        ],
        ["server 127.0.0.1:9000;", `server 127.0.0.1:${shopPort};`],
        ["listen 8000;", `listen 127.0.0.1:${port};\nlisten [::1]:${port};`],
      ]),
    }),
    port,
    stopSignal: "SIGQUIT",
  };
  const server = await startServer(options);
  return started(server, options, () => server.read("access.log"));
}

async function envoy(shopPort: number): Promise<Started> {
  const port = await freePort();
  const options: ServerOptions = {
    name: "envoy",
    program: envoyProgram.path,
    arguments: (directory) => [
      ...["-c", `${directory}/envoy.yaml`, "--log-level", "error", "--concurrency", "1"],
      ...["--disable-hot-restart", "--file-flush-interval-msec", "50"],
    ],
    files: (directory) => ({
      "envoy.yaml": changed(example("envoy/shop-headers.yaml"), [
        ["path: /dev/stdout", `path: ${directory}/access.log`],
        ["address: 127.0.0.1, port_value: 8000 } }", `address: "::", ipv4_compat: true, port_value: ${port} } }`],
        ["port_value: 9000", `port_value: ${shopPort}`],
      ]),
    }),
    port,
  };
  const server = await startServer(options);
  return started(server, options, () => server.read("access.log"));
}

/** Each text must be there exactly once, so that a change of the example can't slip by unnoticed. */
function changed(text: string, replacements: readonly (readonly [string, string])[]): string {
  return replacements.reduce((result, [from, to]) => {
    if (result.split(from).length !== 2) throw new Error(`expected exactly one ${JSON.stringify(from)}`);
    return result.replace(from, () => to);
  }, text);
}

async function runKong(
  config: Record<"access" | "header_filter", string[]>,
  given: { source: string; answered: object },
): Promise<{ request: string[]; response: string[]; values: Record<string, unknown> }> {
  const lua = await new LuaFactory().createEngine();
  const request: string[] = [];
  const response: string[] = [];
  const values: Record<string, unknown> = {};
  const answered = new Map(
    Object.entries(given.answered).map(([name, value]) => [name.toLowerCase(), value as string]),
  );
  try {
    lua.global.set("kong", {
      log: { set_serialize_value: (name: string, value: unknown) => void (values[name] = value) },
      response: {
        get_source: () => given.source,
        clear_header: (name: string) => void response.push(name.toLowerCase()),
      },
      service: {
        request: { clear_header: (name: string) => void request.push(name.toLowerCase()) },
        response: { get_header: (name: string) => answered.get(name.toLowerCase()) },
      },
    });
    for (const code of [...config.access, ...config.header_filter]) await lua.doString(code);
  } finally {
    lua.global.close();
  }
  return { request: request.toSorted(), response: response.toSorted(), values };
}
