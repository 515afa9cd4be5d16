import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { gzipSync } from "node:zlib";
import { expect, onTestFinished, test } from "vitest";
import { parse } from "yaml";
import { runCli } from "../../src/cli/cli.ts";
import { endpointsConfig } from "../../src/normalize/endpoint-config.ts";
import { testCliContext } from "../support/cli-context.ts";
import { shopLog } from "../support/shop-log.ts";
import { tempDirectory } from "../support/temp-directory.ts";

test("the log of the example shop gives its inventory, the most frequent first", async () => {
  const { endpoints, stdout } = await discovered({ "access.log": shopLog("nginx-json") });
  expect(endpoints.map((one) => `${String(one.method)} ${one.route} ${one.class}`)).toEqual([
    "GET /api/products/{id} catalog",
    "GET /api/search search",
    "POST /api/login login",
    "POST /api/cart/{id}/items cart",
    "POST /api/payments payment",
    "POST /api/checkout checkout",
    "GET /api/account account",
    "GET /api/orders/{id} order",
  ]);
  expect(stdout).toMatch(
    /^# Seen in [\d,]+ requests from 2026-08-22 07:54:00 to .*: 8 endpoints that the configuration lacks\./,
  );
  expect(stdout).toMatch(/class: login # guessed from "login"; [\d,]+ requests; seen with a user 100 %$/m);
});

test("methods that mean the same share an entry; what they do, a comment tells", async () => {
  const log = lines([
    ...times(9, { method: "GET", uri: "/cart", user: "u1" }),
    ...times(2, { method: "HEAD", uri: "/cart" }),
    ...times(1, { method: "PUT", uri: "/cart", user: "u1" }),
    ...times(4, { method: "POST", uri: "/login", status: 401 }),
    ...times(5, { method: "GET", uri: "/login" }),
    ...times(3, { method: "OPTIONS", uri: "/cart", status: 204 }),
    ...times(2, { method: "BREW", uri: "/cart", status: 405 }),
    ...times(2, { method: "POST", uri: "/graphql" }),
  ]);
  const { stdout, endpoints } = await discovered({ "access.log": log });
  expect(endpoints.map((one) => [one.method, one.route, one.class])).toEqual([
    [["GET", "PUT"], "/cart", "cart"],
    ["GET", "/login", "other"],
    ["POST", "/login", "login"],
    ["POST", "/graphql", "other"],
  ]);
  expect(stdout).toContain('guessed from "cart"; 12 requests, 91.7 % GET; seen with a user 83.3 %');
  expect(stdout).toContain("GraphQL: give each `operation` an entry of its own");
});

test("a log without users says nothing of users", async () => {
  const { stdout } = await discovered({ "access.log": lines(times(3, { uri: "/cart" })) });
  expect(stdout).toContain('class: cart # guessed from "cart"; 3 requests\n');
});

test("what was never there is left out, and values are not endpoints", async () => {
  const word = (i: number) => `${"abcdefghijklmnop"[i % 16]}${"qrstuvwxyz"[Math.trunc(i / 16) % 10]}-shoes`;
  const log = lines([
    ...Array.from({ length: 160 }, (_, i) => ({ uri: `/p/${word(i)}/reviews` })),
    ...Array.from({ length: 160 }, (_, i) => ({ uri: `/shop/${word(i)}` })),
    ...times(300, { uri: "/shop/cart" }),
    ...times(7, { uri: "/.env", status: 404 }),
    ...times(7, { uri: "/a b/c?d", status: 200 }),
    ...times(7, { method: "DELETE", uri: "/p", status: 405 }),
  ]);
  const { endpoints, stdout } = await discovered({ "access.log": log });
  expect(endpoints.map(({ route }) => route)).toEqual(["/shop/cart", "/p/{var}/reviews", "/shop/{var}", "/{var}/c"]);
  expect(stdout).toContain("# Left out: 2 routes where nothing was ever found (404, 405, 410).");
});

test("what the configuration has is not given again, but named", async () => {
  const config = `
formats: {}
endpoints:
  - { method: POST, route: /login, class: login }
  - { method: ANY, route: /, query: { action: "buy now" }, class: checkout }
endpointFiles: [more.yaml]
`;
  const log = lines([
    ...times(5, { method: "POST", uri: "/login" }),
    ...times(4, { method: "POST", uri: "/?action=buy+now" }),
    ...times(3, { method: "GET", uri: "/orders/17" }),
    ...times(2, { method: "GET", uri: "/cart" }),
  ]);
  const files = {
    "access.log": log,
    "gatewatch.yaml": config,
    "more.yaml": "endpoints: [{ method: GET, route: '/orders/{id}', class: order }]\n",
  };
  const { endpoints, stdout } = await discovered(files);
  expect(endpoints.map(({ route }) => route)).toEqual(["/cart"]);
  expect(stdout).toContain(`# In the configuration already:
#   POST /login (5 requests)
#   POST /?action=buy now (4 requests)
#   GET /orders/{id} (3 requests)
`);
});

test("several files, packed, and standard input count together", async () => {
  const one = lines(times(5, { uri: "/cart" }));
  const { context, printed } = testCliContext({ stdin: () => Readable.from([Buffer.from(one)]) });
  const directory = write({ "a.log.gz": gzipSync(one) });
  expect(await runCli(["endpoints", "discover", join(directory, "a.log.gz"), "-"], context)).toBe(0);
  expect(printed.stdout).toContain("10 requests");
});

test.for([
  ["no line is understood", "what is this\n", [], 2, "LOGS_UNREADABLE"],
  ["a format is named that there is not", "{}\n", ["--format", "x"], 2, "There is no format x"],
  [
    "some lines are not understood",
    `${lines(times(30, { uri: "/cart" }))}{"x":1}\n`,
    [],
    0,
    "Note: 1 line not understood",
  ],
] as const)("it is said when %s", async ([, text, args, code, message]) => {
  const directory = write({ "access.log": text });
  const { context, printed } = testCliContext();
  expect(await runCli(["endpoints", "discover", join(directory, "access.log"), ...args], context)).toBe(code);
  expect(printed.stderr).toContain(message);
});

test("nothing in a path is more than text", async () => {
  const { endpoints, stdout } = await discovered({
    "access.log": lines([
      ...times(3, { uri: "/a/\u001b[31mred" }),
      ...times(2, { uri: '/"}\n- class: admin # ' }),
      ...times(1, { uri: "/b: [c" }),
    ]),
  });
  expect(stdout).not.toMatch(/[^\P{Cc}\n]/u);
  expect(endpoints.every((one) => one.class === "other")).toBe(true);
});

// helpers

interface Request {
  readonly method?: string;
  readonly uri: string;
  readonly status?: number;
  readonly user?: string;
}

function times(count: number, request: Request): Request[] {
  return Array.from({ length: count }, () => request);
}

/** Lines as nginx writes them in JSON, a second apart. */
function lines(requests: readonly Request[]): string {
  return requests
    .map(({ method = "GET", uri, status = 200, user = "" }, i) =>
      JSON.stringify({
        ...{ msec: String(1_787_000_000 + i), request_time: 0.01, remote_addr: "203.0.113.7", method, uri, status },
        ...{ host: "shop.example", bytes_sent: 10, request_length: 10, user_id: user },
      }),
    )
    .join("\n")
    .concat("\n");
}

function write(files: Readonly<Record<string, string | Buffer>>): string {
  const directory = tempDirectory();
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  for (const [name, content] of Object.entries(files)) writeFileSync(join(directory, name), content);
  return directory;
}

/** What is printed for `access.log`, and the inventory in it as the configuration reads it. */
async function discovered(files: Readonly<Record<string, string | Buffer>>) {
  const directory = write(files);
  const { context, printed } = testCliContext();
  const config = files["gatewatch.yaml"] === undefined ? [] : ["--config", join(directory, "gatewatch.yaml")];
  const code = await runCli([...config, "endpoints", "discover", join(directory, "access.log")], context);
  expect({ code, stderr: printed.stderr }).toEqual({ code: 0, stderr: "" });
  const { endpoints } = parse(printed.stdout) as { endpoints: unknown };
  return { ...printed, endpoints: endpointsConfig.parse(endpoints) };
}
