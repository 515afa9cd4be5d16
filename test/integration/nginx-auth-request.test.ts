import { type ChildProcess, spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { type RequestListener, type Server, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { AllowList } from "../../src/block/allow-list.ts";
import { blockConfig } from "../../src/block/block-config.ts";
import { blockMetrics } from "../../src/block/block-metrics.ts";
import { createCheck } from "../../src/block/check.ts";
import type { Decision } from "../../src/block/decision.ts";
import { DecisionLedger } from "../../src/block/ledger.ts";
import { NetworkList } from "../../src/block/network-list.ts";
import { systemClock } from "../../src/clock.ts";
import { createMetrics } from "../../src/metrics.ts";
import { aDecision } from "../block/a-decision.ts";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/free-port.ts";
import { type Nginx, nginxMissing, startNginx } from "../support/nginx.ts";

const missing = nginxMissing();
const banned = "203.0.113.7";
const slowed = "203.0.113.8";
const customer = "198.51.100.4";

describe.skipIf(missing)(`the example nginx configuration${missing ? ` (${missing})` : ""}`, () => {
  let shop: Server;
  let nginx: Nginx;
  let gatewatchPort = 0;
  const shopSaw: Record<string, unknown>[] = [];

  beforeAll(async () => {
    gatewatchPort = await freePort();
    shop = await listen((request, response) => {
      shopSaw.push(request.headers);
      response.setHeader("X-Shop-User", "alice");
      if (request.url === "/forbidden") response.statusCode = 403;
      if (request.url === "/broken") response.statusCode = 500;
      if (request.url !== "/echo") response.end("the shop's answer");
      else request.on("data", (body: Buffer) => response.end(`${request.method} ${body.toString()}`));
    });
    nginx = await startNginx({ shopPort: portOf(shop), gatewatchPort, realIpFrom: "127.0.0.1" });
  });
  afterAll(async () => {
    await nginx?.stop();
    await close(shop);
  });

  const get = async (client: string, path = "/", headers: Record<string, string> = {}) => {
    const response = await fetch(`${nginx.url}${path}`, { headers: { "x-forwarded-for": client, ...headers } });
    return { status: response.status, headers: response.headers, body: await response.text() };
  };
  /** The time of the slowest of so many requests. */
  const slowestOf = async (times: number) => {
    const took: number[] = [];
    for (let i = 0; i < times; i++) {
      const began = performance.now();
      expect((await get(customer)).status).toBe(200);
      took.push(performance.now() - began);
    }
    return Math.max(...took);
  };

  describe("with gatewatch answering", () => {
    let gatewatch: Server;
    const asked: { url: string | undefined; headers: Record<string, unknown> }[] = [];

    beforeAll(async () => {
      const { check } = checkOver([
        aDecision({ value: banned, until: Date.now() + 600_000, createdAt: Date.now() }),
        aDecision({ value: slowed, action: "throttle", until: Date.now() + 600_000, createdAt: Date.now() }),
      ]);
      gatewatch = await listen((request, response) => {
        asked.push({ url: request.url, headers: request.headers });
        const answer = check({ headers: request.headers, peer: request.socket.remoteAddress ?? "" });
        response.writeHead(answer.status, answer.headers).end(answer.body);
      }, gatewatchPort);
    });
    afterAll(() => close(gatewatch));

    test("refuses a banned client with 403 and a reference", async () => {
      const answer = await get(banned);
      expect(answer.status).toBe(403);
      expect(answer.headers.get("x-gatewatch-reference")).toMatch(/^[0-9a-f-]{36}$/);
      expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(590);
      expect(answer.body).toContain(String(answer.headers.get("x-gatewatch-reference")));
    });

    test("slows a throttled client down with 429", async () => {
      const answer = await get(slowed);
      expect(answer.status).toBe(429);
      expect(answer.headers.get("x-gatewatch-action")).toBe("throttle");
      expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(590);
    });

    test("serves everyone else, with the shop's own refusals as they are", async () => {
      expect(await get(customer)).toMatchObject({ status: 200, body: "the shop's answer" });
      expect(await get(customer, "/forbidden")).toMatchObject({ status: 403, body: "the shop's answer" });
      expect(await get(customer, "/broken")).toMatchObject({ status: 500, body: "the shop's answer" });
      expect((await get(customer)).headers.get("x-shop-user")).toBeNull();
    });

    test("neither gatewatch nor the shop believes what a customer forged", async () => {
      asked.length = 0;
      shopSaw.length = 0;
      const forged = { "x-gatewatch-user": "root", "x-gatewatch-key": "k", "x-real-ip": customer, cookie: "session=s" };
      expect((await get(banned, "/", forged)).status).toBe(403);
      expect((await get(customer, "/", forged)).status).toBe(200);
      expect(asked.map(({ url }) => url)).toEqual(["/v1/check", "/v1/check"]);
      for (const { headers } of asked) {
        expect(Object.keys(headers).sort()).toEqual(["host", "x-real-ip"]);
      }
      expect(shopSaw[0]).not.toHaveProperty("x-gatewatch-user");
      expect(shopSaw[0]).toMatchObject({ "x-forwarded-for": customer, "x-real-ip": customer });
    });

    test("logs what gatewatch reads, and marks its own blocks", async () => {
      await get(banned, "/marked?x=1");
      await get(customer, "/unmarked");
      const lines = await eventually("two log lines", async () => {
        const all = (await readFile(nginx.accessLog, "utf8"))
          .trim()
          .split("\n")
          .map((line) => JSON.parse(line));
        const found = all.filter((line) => /marked/.test(line.uri));
        return found.length === 2 && found;
      });
      expect(lines[0]).toMatchObject({ remote_addr: banned, peer: "127.0.0.1", uri: "/marked?x=1", status: 403, gatewatch: "ban", upstream_status: "" }); // prettier-ignore
      expect(lines[1]).toMatchObject({ remote_addr: customer, uri: "/unmarked", status: 200, gatewatch: "", user: "alice", upstream_status: "200" }); // prettier-ignore
      expect(Object.keys(lines[1])).toEqual([
        "msec", "request_time", "remote_addr", "peer", "xff", "method", "host", "uri", "status", "bytes_sent",
        "upstream_status", "upstream_response_time", "request_id", "user", "ua", "gatewatch",
      ]); // prettier-ignore
    });
  });

  describe("with gatewatch in trouble", () => {
    let broken: Server | undefined;
    let hung: ChildProcess | undefined;
    let normal = 0;

    beforeAll(async () => {
      const good = await listen((_, response) => response.end(), gatewatchPort);
      normal = await slowestOf(20);
      await close(good);
    });
    afterEach(async () => {
      if (broken) await close(broken);
      hung?.kill("SIGKILL");
      broken = undefined;
    });

    test("killed: customers are served, at most 100 ms slower", async () => {
      expect((await slowestOf(20)) - normal).toBeLessThan(100);
    });

    test.for([500, 502, 503, 429, 401, 404, 302, 403])("answering %i without a decision: served", async (status) => {
      broken = await listen(
        (_, response) => response.writeHead(status, { location: "/elsewhere" }).end(),
        gatewatchPort,
      );
      expect((await slowestOf(5)) - normal).toBeLessThan(100);
    });

    test("a request with a body: served with it", async () => {
      const response = await fetch(`${nginx.url}/echo`, { method: "POST", body: "an order" });
      expect(await response.text()).toBe("POST an order");
    });

    test("cutting the connection, or talking nonsense: served", async () => {
      broken = await listen((request) => request.socket.end("nonsense\r\n\r\n"), gatewatchPort);
      expect((await slowestOf(5)) - normal).toBeLessThan(100);
    });

    test("hung (SIGSTOP): served, at most 100 ms slower", async () => {
      const script = `require("node:http").createServer((q, s) => s.end()).listen(${gatewatchPort}, "127.0.0.1", () => console.log("up"))`;
      const child = spawn(process.execPath, ["-e", script], { stdio: ["ignore", "pipe", "inherit"] });
      hung = child;
      await new Promise((resolve) => child.stdout.once("data", resolve));
      await slowestOf(3);
      child.kill("SIGSTOP");
      expect((await slowestOf(20)) - normal).toBeLessThan(100);
    });
  });
});

// helpers

function checkOver(decisions: readonly Decision[]) {
  const ledger = new DecisionLedger({ clock: systemClock });
  ledger.put(...decisions);
  const allow = new AllowList(blockConfig.parse({}).allow);
  const check = createCheck({
    clock: systemClock,
    ledger,
    trusted: new NetworkList([]),
    allow: () => allow,
    names: { userHeader: "x-gatewatch-user", keyHeader: "x-gatewatch-key" },
    metrics: blockMetrics(createMetrics()),
  });
  return { check };
}

function listen(handler: RequestListener, port = 0): Promise<Server> {
  const server = createServer(handler);
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => resolve(server));
  });
}

function close(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}
