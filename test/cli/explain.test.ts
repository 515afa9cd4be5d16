import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { runCli } from "../../src/cli/cli.ts";
import { testCliContext } from "../support/cli-context.ts";
import { envelopeCases } from "../support/envelope-cases.ts";
import { explained, explainedAsJson, type Explaining } from "../support/explaining.ts";
import { formatCases } from "../support/format-cases.ts";
import { tempDirectory } from "../support/temp-directory.ts";

const recordsOf = (format: string) => formatCases.find(({ id }) => id === format)!.records;
const wrapped = (name: string, record: string) => envelopeCases.find((one) => one.name === name)!.wrap(record);
const nginx = recordsOf("nginx-json")[0]!;

const shop = `
sources:
  - { name: edge, type: kafka, brokers: ["kafka:9092"], topic: access, gateway: kong-eu, sasl: { mechanism: plain, username: x, password: "\${NO_SUCH_SECRET}" } }
proxies: { trusted: [10.0.0.0/8, cloudflare] }
endpoints:
  - { method: GET, route: /health, class: other }
  - { method: POST, route: /v1/login, class: login, owner: identity, outcome: [{ when: { status: [200, 401] }, is: failed }] }
teams: { identity: { channels: [chat] } }
channels: { chat: { type: slack, url: "\${NO_SUCH_URL}" } }
detectors: { payment-storm: { mode: off }, credential-stuffing: { mode: dry-run } }
geo: { database: none }
`;

const walked = JSON.stringify({
  ...{ msec: "1787390047.466", request_time: 0.054, remote_addr: "10.1.2.3", method: "POST", status: 401 },
  uri: "/v1/login?email=anna%40shop.example&token=abcdef0123456789",
  xff: "203.0.113.99, 198.51.100.23, 104.16.0.7, 10.0.0.9",
  ua: "App/1 (Authorization: Bearer abcdef0123456789)",
  attributes: { loginResult: "failed", newPassword: "hunter22" },
  cookie: "sid=0af7651916cd43dd",
});

describe("for people", () => {
  test.for<[string, Explaining]>([
    ["nginx-json", { args: ["--line", nginx] }],
    ["walked", { config: shop, args: ["--line", walked] }],
    ["nginx-combined", { stdin: [recordsOf("nginx-combined")[1]!] }],
    ["haproxy-berlin", { args: ["--line", recordsOf("haproxy-http")[0]!, "--time-zone", "Europe/Berlin"] }],
    [
      "kong-in-fluent-bit",
      {
        config: shop,
        args: ["--whole"],
        stdin: [wrapped("Fluent Bit, tail of a container's log without a parser", recordsOf("kong")[0]!)],
      },
    ],
    ["shop-event", { stdin: [recordsOf("shop-event")[1]!] }],
    ["rejected", { stdin: ['{"level":"info","password":"hunter22"}\n', '{"status":1\n', "\n"] }],
    ["rejected-in-an-array", { args: ["--line", `[${nginx},${nginx.replace("1787", "17")},7]`] }],
  ])("%s", async ([name, explaining]) => {
    const { stdout, stderr, code } = await explained(explaining);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    await expect(withoutDetectors(stdout)).toMatchFileSnapshot(`../golden/explain/${name}.txt`);
  });

  test("detectors: what they count it under and lack; those that don't look at it by what they look at", async () => {
    const { stdout } = await explained({ config: shop, args: ["--line", walked] });
    const section = stdout.slice(stdout.indexOf("\nDetectors\n"));
    expect(section).toMatch(
      /^ {2}account-under-attack +BLIND +counts nothing without userId; lacks userId, country, asn$/m,
    );
    expect(section).toMatch(
      /^ {2}credential-stuffing +reduced +counts under clientIp 198.51.100.23; lacks userId; dry run$/m,
    );
    expect(section).toMatch(/^ {4}look at the outcome ok: .*\bimpossible-travel\b/m);
    expect(section).not.toContain("payment-storm");
  });

  test("names of what was cut are told, and never what it was", async () => {
    const { stdout } = await explained({ config: shop, args: ["--line", walked] });
    expect(stdout).toContain("the query, with email, token");
    expect(stdout).toContain("attributes left out: newPassword");
    expect(stdout).not.toMatch(/abcdef|hunter22|anna|0af765/);
  });
});

describe("--json", () => {
  test("one object a log entry, each on one line, with these keys and no other", async () => {
    const array = `[${nginx},{"a":1}]`;
    const { stdout, lines } = await explainedAsJson({ config: shop, stdin: [`${nginx}\n${array}\n`] });
    expect(stdout.match(/\n/g)).toHaveLength(3);
    for (const line of lines) expect(Object.keys(line)).toEqual(["format", "envelopes", "event", "rejected"]);
    expect(lines).toMatchObject([
      { format: "nginx-json", envelopes: [], event: { gateway: "kong-eu", status: 401 }, rejected: null },
      { format: "nginx-json", envelopes: ["array"], event: { status: 401, owner: "identity" }, rejected: null },
      { format: "nginx-json", envelopes: ["array"], event: null, rejected: { reason: "no_time" } },
    ]);
    expect(Object.keys(lines[2]!.rejected!)).toEqual(["reason", "detail"]);
  });

  test("what no format fits has none", async () => {
    const { lines } = await explainedAsJson({ args: ["--line", "nonsense"] });
    expect(lines).toMatchObject([
      { format: "none", envelopes: [], event: null, rejected: { reason: "unknown_format" } },
    ]);
  });
});

describe("what is read", () => {
  test.for<[string, Explaining, readonly string[]]>([
    ["a message in gzip", { args: ["--whole"], stdin: [gzipSync(nginx)] }, ["gzip"]],
    ["lines in gzip", { stdin: [gzipSync(`${nginx}\n`)] }, []],
    ["a record in several lines", { args: ["--whole"], stdin: [JSON.stringify(JSON.parse(nginx), undefined, 2)] }, []],
    ["lines of a message", { args: ["--whole"], stdin: ["\n", nginx, "\n"] }, []],
    ["an empty line before", { stdin: ["\n", nginx.slice(0, 9), nginx.slice(9)] }, []],
    [
      "OTLP in protobuf",
      { stdin: [Buffer.from(wrapped("a collector's body, in OTLP protobuf", nginx))] },
      ["otlp-protobuf", "message"],
    ],
  ])("%s", async ([, explaining, envelopes]) => {
    const { lines } = await explainedAsJson(explaining);
    expect(lines.filter(({ event }) => event !== null)).toMatchObject([
      { format: "nginx-json", envelopes, event: { clientIp: "198.51.100.23" } },
    ]);
  });

  test("a file, and of it only so many records", async () => {
    const file = join(tempDirectory(), "access.log");
    writeFileSync(file, `${nginx}\n`.repeat(12));
    const few = await explainedAsJson({ args: ["--records", "3", file] });
    expect(few.lines).toHaveLength(3);
    expect(few.stderr).toBe("Note: only the first 3 records; --records shows more.\n");
    expect((await explainedAsJson({ args: [file] })).lines).toHaveLength(12);
    const text = await explained({ args: [file] });
    expect(text.stdout.match(/^Record \d+: an event$/gm)).toHaveLength(10);
    expect(text.stderr).toContain("only the first 10 records");
  });

  test("a record with many entries is cut for people, and whole in JSON", async () => {
    const many = `[${Array.from({ length: 30 }, () => nginx).join(",")}]`;
    const { stdout } = await explained({ args: ["--line", many] });
    expect(stdout.match(/^Record 1(?:, entry \d+)?: an event$/gm)).toHaveLength(20);
    expect(stdout).toMatch(/\nAnd 10 more entries; --json has all\.\n$/);
    expect((await explainedAsJson({ args: ["--line", many] })).lines).toHaveLength(30);
  });

  test("a line longer than the source takes", async () => {
    const config = `sources: [{ name: edge, type: stdin, maxRecordBytes: 1KiB }]\ngeo: { database: none }\n`;
    for (const args of [[], ["--whole"]]) {
      const { lines } = await explainedAsJson({ config, args, stdin: ["x".repeat(2000)] });
      expect(lines).toMatchObject([{ event: null, rejected: { reason: "too_long" } }]);
    }
  });

  test("without a configuration, and no file appears", async () => {
    const { context, printed } = testCliContext();
    const before = readdirSync(".");
    expect(await runCli(["explain", "--json", "--line", nginx], context)).toBe(0);
    expect(JSON.parse(printed.stdout)).toMatchObject({ format: "nginx-json", event: { gateway: "log" } });
    expect(readdirSync(".")).toEqual(before);
  });
});

describe("sources", () => {
  const two = `
sources:
  - { name: edge, type: stdin, gateway: nginx-eu, format: nginx-json }
  - { name: hap, type: file, path: /var/log/haproxy.log, timeZone: Europe/Berlin }
  - { name: shop, type: http, format: shop-event, trustClientIp: true }
geo: { database: none }
`;
  const haproxy = recordsOf("haproxy-http")[0]!;

  test("the one that is named says how to read", async () => {
    const { lines } = await explainedAsJson({ config: two, args: ["--source", "hap", "--line", haproxy] });
    expect(lines).toMatchObject([{ event: { gateway: "hap", time: Date.parse("2026-08-22T07:14:07.466Z") } }]);
    const shopLine = recordsOf("shop-event")[0]!;
    const shop = await explainedAsJson({ config: two, args: ["--source", "shop", "--line", shopLine] });
    expect(shop.lines).toMatchObject([{ format: "shop-event", event: { clientIpTrust: "certain" } }]);
    const named = await explained({ config: two, args: ["--source", "edge", "--line", nginx] });
    expect(named.stdout).toContain("nginx-json (nginx, JSON), named by the source edge\n");
  });

  test("options count more than the source", async () => {
    const zone = await explainedAsJson({
      config: two,
      args: ["--source", "hap", "--time-zone", "UTC", "--line", haproxy],
    });
    expect(zone.lines).toMatchObject([{ event: { time: Date.parse("2026-08-22T09:14:07.466Z") } }]);
    const format = await explainedAsJson({
      config: two,
      args: ["--source", "edge", "--format", "auto", "--line", haproxy],
    });
    expect(format.lines).toMatchObject([{ format: "haproxy-http", rejected: null }]);
    const text = await explained({ config: two, args: ["--format", "kong", "--line", nginx] });
    expect(text.stdout).toContain("kong (Kong), named by --format\n");
    expect(text.stderr).toContain("several sources; --source NAME");
  });
});

test.for<[string, Explaining, RegExp]>([
  ["no such source", { config: shop, args: ["--source", "none"] }, /no source none.*CONFIG_INVALID[\s\S]*Known: edge/],
  ["no source at all", { args: ["--source", "edge"] }, /no source edge[\s\S]*--config/],
  ["no such format", { args: ["--format", "none"] }, /no format none.*CONFIG_INVALID/],
  ["no such zone", { args: ["--time-zone", "Mars/Base"] }, /no time zone Mars\/Base.*CONFIG_INVALID/],
  ["nothing", {}, /nothing to explain.*LOGS_UNREADABLE/],
  ["no such file", { args: ["/no/such/file"] }, /LOGS_UNREADABLE[\s\S]*no such file/],
])("%s is an error", async ([, explaining, message]) => {
  const { code, stderr, stdout } = await explained(explaining);
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(stderr).toMatch(message);
});

test.for(["0", "-1", "x", "1.5"])("--records %s is refused", async (records) => {
  const { code, stderr } = await explained({ args: ["--records", records] });
  expect(code).toBe(1);
  expect(stderr).toContain("Expected a whole number, at least 1.");
});

test("what to do about each reason is what docs/rejected.md says", async () => {
  const { rejectionHelp } = await import("../../src/cli/rejection-help.ts");
  const page = readFileSync(new URL("../../docs/rejected.md", import.meta.url), "utf8");
  const plain = (text: string) =>
    text
      .replaceAll("`", "")
      .replaceAll(/\[([^\]]+)\]\(([^)#]+)[^)]*\)/g, (_, words: string, target: string) =>
        words.endsWith(".md") ? `docs/${target}` : words,
      );
  const rows = [...page.matchAll(/^\| `(\w+)` \| (.*?) \| (.*?) \|$/gm)].map(([, reason, means = "", remedy = ""]) => [
    reason,
    { means: plain(means), remedy: plain(remedy) },
  ]);
  expect(rejectionHelp).toEqual(Object.fromEntries(rows));
});

test("docs/explain.md shows what is printed, and names every option", async () => {
  const page = readFileSync(new URL("../../docs/explain.md", import.meta.url), "utf8");
  expect(page).toContain(readFileSync(new URL("../golden/explain/walked.txt", import.meta.url), "utf8").trimEnd());
  const { stdout } = await explained({ args: ["--help"] });
  const options = [...stdout.matchAll(/^ {2}(--[a-z-]+)/gm)].map(([, option]) => option);
  expect(options).toContain("--source");
  expect(options.filter((option) => option !== "--help" && !page.includes(`\`${option}`))).toEqual([]);
});

/** Which detectors there are is theirs to say. */
function withoutDetectors(text: string): string {
  return text.replaceAll(/\nDetectors\n(?: .*\n)*/g, "");
}
