import { createServer } from "node:net";
import { describe, expect, test } from "vitest";
import { apiConfig } from "../../src/api/api-config.ts";
import { isLoopback } from "../../src/api/listen-address.ts";
import { listenApi } from "../../src/api/listen-api.ts";
import { createTestApi, tokenConfig } from "../support/test-api.ts";

describe("listening", () => {
  test("on a free loopback port", async () => {
    const { app } = createTestApi();
    const url = await listenApi(app, apiConfig.parse({ listen: "127.0.0.1:0" }));
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    await app.close();
  });

  test("on a port that is in use: says so, and what to do", async () => {
    const server = createServer();
    await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as { port: number };
    const { app } = createTestApi();
    await expect(listenApi(app, apiConfig.parse({ listen: `127.0.0.1:${port}` }))).rejects.toMatchObject({
      code: "LISTEN_REFUSED",
      exitCode: 2,
      message: `api.listen: 127.0.0.1:${port} is in use by another process.`,
      remedy: expect.stringContaining("another port"),
    });
    await app.close();
    await new Promise((resolve) => void server.close(resolve));
  });

  test("on an address of another machine", async () => {
    const { app } = createTestApi();
    await expect(listenApi(app, apiConfig.parse({ listen: "192.0.2.1:0", ...tokenConfig }))).rejects.toMatchObject({
      code: "LISTEN_REFUSED",
      message: expect.stringContaining("not an address of this machine"),
    });
    await app.close();
  });

  test.for(["0.0.0.0:8080", "[::]:8080", "10.0.0.5:8080", "gatewatch.internal:8080"])(
    "on %s without tokens: refused before it listens",
    async (listen) => {
      const { app } = createTestApi();
      await expect(listenApi(app, apiConfig.parse({ listen }))).rejects.toMatchObject({
        code: "LISTEN_REFUSED",
        message: `api.listen is ${listen}, which others can reach, and there are no api.tokens.`,
        remedy: "Add api.tokens, or listen on 127.0.0.1:8080.",
      });
      expect(app.server.listening).toBe(false);
    },
  );
});

test.for([
  ["127.0.0.1", true],
  ["127.255.0.3", true],
  ["::1", true],
  ["::ffff:127.0.0.1", true],
  ["localhost", true],
  ["::", false],
  ["0.0.0.0", false],
  ["128.0.0.1", false],
  ["::ffff:10.0.0.1", false],
  ["127.0.0.1.evil.example", false],
  ["", false],
] as const)("%s is loopback: %s", ([host, expected]) => {
  expect(isLoopback(host)).toBe(expected);
});

describe("the configuration", () => {
  test("has safe defaults", () => {
    expect(apiConfig.parse(undefined)).toEqual({
      listen: { host: "127.0.0.1", port: 8080 },
      tokens: [],
      allowedHosts: [],
      check: { userHeader: "x-gatewatch-user", keyHeader: "x-gatewatch-key" },
    });
  });

  test.for([
    ["a port alone", { listen: "8080" }, "listen"],
    ["a port out of range", { listen: "127.0.0.1:70000" }, "listen"],
    ["an IPv6 address without brackets", { listen: "::1:8080" }, "listen"],
    ["a token as it is", { tokens: [{ name: "a", role: "admin", sha256: "secret" }] }, "tokens.0.sha256"],
    ["an unknown role", { tokens: [{ name: "a", role: "root", sha256: "0".repeat(64) }] }, "tokens.0.role"],
    [
      "a name twice",
      { tokens: [0, 1].map((n) => ({ name: "a", role: "admin", sha256: `${n}`.repeat(64) })) },
      "tokens",
    ],
    ["a host with a path", { allowedHosts: ["gw.example/console"] }, "allowedHosts.0"],
    ["a header with a space", { check: { userHeader: "x user" } }, "check.userHeader"],
    ["an unknown key", { port: 80 }, ""],
  ] as const)("refuses %s", ([, config, path]) => {
    expect(apiConfig.safeParse(config).error?.issues.map((issue) => issue.path.join("."))).toEqual([path]);
  });

  test("takes header names and hashes in any case", () => {
    const tokens = [{ name: "a", role: "admin", sha256: "A".repeat(64) }];
    const config = apiConfig.parse({ tokens, check: { userHeader: "X-User" } });
    expect(config.tokens[0]?.sha256).toBe("a".repeat(64));
    expect(config.check.userHeader).toBe("x-user");
  });
});
