import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { runCli } from "../../src/cli/cli.ts";
import { testCliContext } from "../support/cli-context.ts";
import { freePort } from "../support/free-port.ts";
import { tempDirectory } from "../support/temp-directory.ts";
import { TestClock } from "../support/test-clock.ts";

const incident = {
  id: "inc_0123456789abcdef",
  title: "Credential stuffing\u001b[31m on login",
  severity: "critical",
  state: "open",
  openedAt: Date.parse("2026-08-22T09:00:00Z"),
  more: 1,
};

const decision = {
  scope: "ip",
  value: "192.0.2.7",
  action: "ban",
  state: "active",
  dryRun: false,
  until: "2026-08-22T09:15:00.000Z",
  reason: "Credential stuffing",
};

describe("answers", () => {
  test("why prints the lines, without control characters", async () => {
    const { run, asked } = await service({ subject: "a/b", lines: ["first\u001b[2J", "sec\u202eond"] });
    expect(await run(["why", "a/b"])).toEqual({ code: 0, stdout: "first?[2J\nsec?ond\n", stderr: "" });
    expect(asked).toEqual([{ url: "/v1/why/a%2Fb", authorization: "Bearer gw_secret" }]);
  });

  test("baselines", async () => {
    const usual = {
      known: true,
      median: 300.4,
      spread: 40,
      samples: 4,
      level: "hour-of-week",
      confidence: "high",
      hourOfWeek: 34,
    };
    const { run, asked } = await service({ places: [{ place: "route /api/login", ...usual }] });
    expect((await run(["baselines", "--of", "requests"])).stdout).toBe(
      "route /api/login  usual for Tuesday 10:00: 300 ± 40, 4 weeks, high\n",
    );
    expect(asked[0]?.url).toBe("/v1/baselines?of=requests");
    const none = await service({ places: [] });
    expect((await none.run(["baselines"])).stdout).toBe("It is not known yet what is usual.\n");
  });

  test("incidents", async () => {
    const { run, asked } = await service({ incidents: [incident], next: null });
    expect((await run(["incidents"])).stdout).toBe(
      "2026-08-22T09:00:00.000Z  critical  open          inc_0123456789abcdef  Credential stuffing?[31m on login\n",
    );
    expect(asked[0]?.url).toBe("/v1/incidents?state=live&limit=200");
  });

  test("decisions, and one that is a dry run", async () => {
    const { run } = await service({ decisions: [decision, { ...decision, dryRun: true }], next: null });
    expect((await run(["decisions"])).stdout.split("\n")).toEqual([
      "until 2026-08-22T09:15:00.000Z  ban       active   ip 192.0.2.7  Credential stuffing",
      "until 2026-08-22T09:15:00.000Z  ban       dry run  ip 192.0.2.7  Credential stuffing",
      "",
    ]);
  });

  test.for([
    ["incidents", { incidents: [] }, "No open incidents.\n"],
    ["decisions", { decisions: [] }, "No decisions hold.\n"],
  ] as const)("none: %s", async ([command, answer, expected]) => {
    const { run } = await service(answer);
    expect((await run([command])).stdout).toBe(expected);
  });

  test("--json prints all of it", async () => {
    const answer = { incidents: [incident], next: null };
    const { run } = await service(answer);
    const { stdout } = await run(["incidents", "--json"]);
    expect(JSON.parse(stdout)).toEqual(answer);
    expect(stdout).not.toContain("\u001b");
  });
});

describe("no answer", () => {
  test.for([
    ["refused", 401, { message: "no token" }, "Set GATEWATCH_TOKEN to a token"],
    ["forbidden", 403, {}, "Set GATEWATCH_TOKEN to a token"],
    ["an error", 503, { message: "the store is away" }, "answered 503: the store is away"],
    ["of another shape", 200, { lines: 1 }, "The service's answer has an unknown shape."],
    ["no JSON", 200, "<html>", "answered 200"],
  ] as const)("%s", async ([, status, answer, expected]) => {
    const { run } = await service(answer, status);
    const { code, stderr } = await run(["why", "192.0.2.1"]);
    expect(code).toBe(1);
    expect(stderr).toContain(expected);
    expect(stderr).not.toContain("gw_secret");
  });

  test("nobody listens", async () => {
    const { code, stderr } = await ask(["incidents"], await freePort());
    expect(code).toBe(1);
    expect(stderr).toMatch(/The service does not answer at http:\/\/127\.0\.0\.1:\d+\. \[COMMAND_FAILED\]/);
  });

  test("a service that hangs is given up after ten seconds", async () => {
    const clock = new TestClock();
    const asked = Promise.withResolvers<void>();
    const hangs: typeof fetch = (_url, init) =>
      new Promise((_, reject) => {
        init?.signal?.addEventListener("abort", () => reject(new Error("aborted")));
        asked.resolve();
      });
    const answer = ask(["incidents"], 1, { clock, fetch: hangs });
    await asked.promise;
    await clock.advance(10_000);
    expect((await answer).stderr).toContain("does not answer");
  });
});

// helpers

async function service(answer: unknown, status = 200) {
  const asked: { url: string | undefined; authorization: string | undefined }[] = [];
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    asked.push({ url: request.url, authorization: request.headers.authorization });
    response.statusCode = status;
    response.end(typeof answer === "string" ? answer : JSON.stringify(answer));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  return { asked, run: (args: readonly string[]) => ask(args, port) };
}

async function ask(args: readonly string[], port: number, given: { clock?: TestClock; fetch?: typeof fetch } = {}) {
  const file = join(tempDirectory(), "gatewatch.yaml");
  // "every address" is reached over loopback.
  writeFileSync(file, `api: { listen: "0.0.0.0:${port}" }\n`);
  const { context, printed } = testCliContext({ env: { GATEWATCH_TOKEN: "gw_secret" }, fetch, ...given });
  const code = await runCli(["-c", file, ...args], context);
  return { code, ...printed };
}
