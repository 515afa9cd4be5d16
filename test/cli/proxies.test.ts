import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { runCli } from "../../src/cli/cli.ts";
import { parseProviderList, shippedList } from "../../src/normalize/provider-list.ts";
import { testCliContext } from "../support/cli-context.ts";
import { tempDirectory } from "../support/temp-directory.ts";
import { TestClock } from "../support/test-clock.ts";

const now = Date.parse("2026-09-01T12:00:00Z");
const networks = (count: number) => Array.from({ length: count }, (_, i) => `198.18.${i}.0/24`);

describe("refresh", () => {
  test.for([
    ["cloudflare", { success: true, result: { ipv4_cidrs: networks(12), ipv6_cidrs: ["2400:cb00::/32"] } }, 13, "2026-09-01"],
    ["fastly", { addresses: networks(18), ipv6_addresses: ["2a04:4e40::/32"] }, 19, "2026-09-01"],
    [
      "cloudfront",
      {
        createDate: "2026-08-30-15-17-05",
        prefixes: [...networks(40).map((ip_prefix) => ({ ip_prefix, service: "CLOUDFRONT_ORIGIN_FACING" })), { ip_prefix: "192.0.2.0/24", service: "EC2" }],
        ipv6_prefixes: [{ ipv6_prefix: "2600:9000:1000::/36", service: "CLOUDFRONT_ORIGIN_FACING" }],
      },
      41,
      "2026-08-30",
    ],
    [
      "azure",
      {
        values: [
          { name: "AzureFrontDoor.Frontend", properties: { addressPrefixes: ["192.0.2.0/24"] } },
          { name: "AzureFrontDoor.Backend", properties: { addressPrefixes: [...networks(119), "2603:1000:4::600/123"] } },
        ],
      },
      120,
      "2026-09-01",
    ],
  ] as const)("%s: what it publishes becomes the list in force", async ([name, published, count, date]) => {
    const { run, directory, url } = await mirror(JSON.stringify(published));
    const { code, stdout } = await run(["proxies", "refresh", name, "--url", url]);
    expect(stdout).toContain(`${name}: ${count} networks of ${date}`);
    expect(code).toBe(0);
    const list = parseProviderList(name, readFileSync(join(directory, "data/proxies", `${name}.json`), "utf8"));
    expect(list).toMatchObject({ name, date, source: url });
    expect(list.networks).toHaveLength(count);
    expect(list.networks).not.toContain("192.0.2.0/24");
    expect(readdirSync(join(directory, "data/proxies"))).toEqual([`${name}.json`]);

    const listed = JSON.parse((await run(["proxies", "list", "--json"])).stdout) as { providers: { name: string }[] };
    expect(listed.providers.find((each) => each.name === name)).toMatchObject({ date, count, isShipped: false });
  }); // prettier-ignore

  test("Azure's list is behind a page that links to it", async () => {
    const published = { values: [{ name: "AzureFrontDoor.Backend", properties: { addressPrefixes: networks(120) } }] };
    const link = "https://download.microsoft.com/download/7/1/d/x/ServiceTags_Public_20260824.json";
    const asked: string[] = [];
    const fetch = (url: unknown) => {
      asked.push(String(url));
      return Promise.resolve(new Response(String(url) === link ? JSON.stringify(published) : `<a href="${link}">`));
    };
    const { run } = await mirror("", { fetch });
    expect((await run(["proxies", "refresh", "azure"])).code).toBe(0);
    expect(asked).toEqual(["https://www.microsoft.com/en-us/download/details.aspx?id=56519", link]);
  });

  test.for([
    ["nothing", "", /JSON/],
    ["a page of another kind", "<html>", /JSON/],
    ["no networks", JSON.stringify({ addresses: [] }), /names no network/],
    ["too few", JSON.stringify({ addresses: networks(9) }), /9 networks; a whole list has at least 10/],
    ["far fewer than before", JSON.stringify({ addresses: networks(10) }), /less than half of the 21 known; --force/],
    ["the whole internet", JSON.stringify({ addresses: [...networks(20), "0.0.0.0/0"] }), /0\.0\.0\.0\/0 is wider/],
    ["half of IPv6", JSON.stringify({ addresses: [...networks(20), "8000::/1"] }), /8000::\/1 is wider/],
    ["private networks", JSON.stringify({ addresses: [...networks(20), "10.0.0.0/8"] }), /10\.0\.0\.0\/8 is private/],
    ["words", JSON.stringify({ addresses: [...networks(20), "localhost"] }), /"localhost" is no network/],
  ] as const)("%s is refused, and the list before stays", async ([, body, reason]) => {
    const { run, directory, url } = await mirror(body);
    const { code, stderr } = await run(["proxies", "refresh", "fastly", "--url", url]);
    expect(stderr).toMatch(reason);
    expect(stderr).toContain(`The one of ${shippedList("fastly").date} stays.`);
    expect(code).toBe(1);
    expect(readdirSync(directory)).not.toContain("data");
  });

  test("--force takes a short one", async () => {
    const { run, url } = await mirror(JSON.stringify({ addresses: networks(10) }));
    expect((await run(["proxies", "refresh", "fastly", "--url", url, "--force"])).code).toBe(0);
  });

  test.for([
    ["an error", 503, /answered 503/],
    ["more than a list can have", 200, /more than 32 MiB/],
  ] as const)("%s is refused", async ([, status, reason]) => {
    const { run, url } = await mirror(status === 200 ? " ".repeat(33 * 1024 ** 2) : "", { status });
    const { code, stderr } = await run(["proxies", "refresh", "fastly", "--url", url]);
    expect(stderr).toMatch(reason);
    expect(code).toBe(1);
  });

  test("a server that never answers is given up", async () => {
    const clock = new TestClock(now);
    const asked = Promise.withResolvers<void>();
    const fetch = ((_: unknown, { signal }: { signal: AbortSignal }) => {
      asked.resolve();
      return new Promise((_, reject) => signal.addEventListener("abort", () => reject(new Error("aborted"))));
    }) as typeof globalThis.fetch;
    const { run } = await mirror("", { fetch, clock });
    const result = run(["proxies", "refresh", "fastly"]);
    await asked.promise;
    await clock.advance(60_000);
    expect((await result).stderr).toMatch(/did not answer within 60 s/);
  });

  test.for([
    [["google"], /its ranges are fixed/],
    [["akamai"], /There is no provider akamai/],
    [["fastly", "azure", "--url", "http://127.0.0.1:1/"], /--url is of one list/],
  ] as const)("%j can't be refreshed", async ([args, reason]) => {
    const { run } = await mirror("");
    const { code, stderr } = await run(["proxies", "refresh", ...args]);
    expect(stderr).toMatch(reason);
    expect(code).toBe(1);
  });
});

describe("list", () => {
  test("shows each list, and which are in use", async () => {
    const { run } = await mirror("");
    const { stdout } = await run(["proxies", "list"]);
    expect(stdout).toMatch(
      /^cloudflare +yes +2026-07-02 +22 +https:\/\/api\.cloudflare\.com\S+ +\S+cloudflare\.json$/m,
    );
    expect(stdout).toMatch(/^google +no /m);
  });

  test("a refreshed file that is broken is told, and the shipped list is in force", async () => {
    const { run, directory } = await mirror("");
    mkdirSync(join(directory, "data/proxies"), { recursive: true });
    writeFileSync(join(directory, "data/proxies/fastly.json"), "{");
    const { stdout, stderr } = await run(["proxies", "list"]);
    expect(stderr).toMatch(/fastly\.json: .*; the list that came with this version is used/);
    expect(stdout).toMatch(/^fastly +no +2026-07-02 +21 /m);
  });
});

test("check tells that a file of one's own can't be used", async () => {
  const { directory } = await mirror("");
  const file = join(directory, "gatewatch.yaml");
  writeFileSync(file, "sources: [{ name: in, type: stdin }]\nproxies: { trusted: [{ file: own.txt }] }\n");
  const { context, printed } = testCliContext();
  expect(await runCli(["--config", file, "check"], context)).toBe(2);
  expect(printed.stderr).toContain(join(directory, "own.txt"));
  writeFileSync(join(directory, "own.txt"), "192.0.2.1\n");
  expect(await runCli(["--config", file, "check"], context)).toBe(0);
});

// helpers

/** A configuration in a folder of its own, and a server in the provider's place that answers with `body`. */
async function mirror(
  body: string,
  given: { readonly fetch?: typeof fetch; readonly clock?: TestClock; readonly status?: number } = {},
) {
  const server = createServer((_, response) => response.writeHead(given.status ?? 200).end(body));
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  onTestFinished(() => void server.close());
  const directory = tempDirectory();
  const file = join(directory, "gatewatch.yaml");
  writeFileSync(file, "service: { dataDirectory: data }\nproxies: { trusted: [cloudflare, 10.0.0.0/8] }\n");
  const run = async (args: readonly string[]) => {
    const clock = given.clock ?? new TestClock(now);
    const { context, printed } = testCliContext({ fetch: given.fetch ?? fetch, clock });
    return { code: await runCli(["--config", file, ...args], context), ...printed };
  };
  return { run, directory, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/list` };
}
