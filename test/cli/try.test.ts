import { Readable } from "node:stream";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { runCli } from "../../src/cli/cli.ts";
import { runTry } from "../../src/cli/try.ts";
import type { TryReport } from "../../src/cli/try-report.ts";
import { testCliContext } from "../support/cli-context.ts";
import { formatCases } from "../support/format-cases.ts";
import { attackedAt, shopLog } from "../support/shop-log.ts";
import { tempDirectory } from "../support/temp-directory.ts";
import { TestClock } from "../support/test-clock.ts";

const json = shopLog("nginx-json");
const combined = shopLog("nginx-combined");
const stuffer = "203.0.113.61";

describe("yesterday's log of the example shop", () => {
  test("in JSON: every attack is found, and the stuffing client would have been banned within seconds", async () => {
    const { report, code } = await tryJson({ "access.log": json });
    expect(code).toBe(0);
    expect(report.files).toMatchObject([{ format: "nginx-json", rejected: 0 }]);
    expect(report.span?.from).toBe(attackedAt - 66 * 60_000);
    expect(report.span?.to).toBeGreaterThan(attackedAt + 119_000);
    expect(new Set(report.detections.map(({ detector }) => detector))).toEqual(
      new Set([
        "account-under-attack",
        "country-surge",
        "credential-stuffing",
        "distributed-stuffing",
        "impossible-travel",
        "payment-storm",
        "rate-limit-burst",
        "stuffing-by-country",
        "stuffing-by-network",
        "stuffing-by-user-agent",
      ]),
    );
    expect(report.detections.every(({ sealed, stale }) => sealed && !stale)).toBe(true);

    const ban = report.decisions.find(({ value }) => value === stuffer);
    expect(ban).toMatchObject({ action: "ban", runbook: "credential-stuffing", dryRun: true });
    expect(["active", "expired"]).toContain(ban?.state);
    expect(ban!.createdAt - attackedAt).toBeLessThan(10_000);
    expect(ban?.wouldHaveHit).toMatchObject({ succeeded: 0 });
    expect(ban?.wouldHaveHit?.requests).toBeGreaterThan(100);
    expect(report.decisions.filter(({ runbook }) => runbook === "payment-storm")).toEqual([]);
  });

  test("in the combined format: what it can't see is named, and the guard bans nobody", async () => {
    const { report } = await tryJson({ "access.log": combined });
    expect(report.files).toMatchObject([{ format: "nginx-combined", rejected: 0 }]);
    const states = Object.fromEntries(report.detectors.map(({ id, state }) => [id, state]));
    expect(states).toMatchObject({
      "credential-stuffing": "reduced",
      "impossible-travel": "blind",
      "account-under-attack": "blind",
    });
    const stuffing = report.detectors.find(({ id }) => id === "credential-stuffing");
    expect(stuffing?.missing).toEqual([
      { field: "userId", needed: false, hint: expect.stringContaining("`user_id`") as string },
    ]);

    expect(report.detections.map(({ detector }) => detector)).toContain("credential-stuffing");
    const wanted = report.decisions.find(({ value }) => value === stuffer);
    expect(["asked", "refused"]).toContain(wanted?.state);
    expect(wanted?.verdicts).toContainEqual({
      rule: "shared-address",
      says: "softer",
      reason: "the log doesn't tell how many users share the address",
    });
    expect(report.decisions.filter(({ state, action }) => state === "active" && action === "ban")).toEqual([]);
  });

  // It reads the whole log four times.
  test("packed, cut by rotation or written by two gateways, it gives the same", { timeout: 60_000 }, async () => {
    const lines = json.trimEnd().split("\n");
    const half = lines.length / 2;
    const joined = (some: readonly string[]) => `${some.join("\n")}\n`;
    const whole = await tryJson({ "access.log": json });
    const wanted = essence(whole.report);
    expect(essence((await tryJson({ "access.log.gz": gzipSync(json) })).report)).toEqual(wanted);
    const rotated = {
      "access.log": joined(lines.slice(half)),
      "access.log.1.gz": gzipSync(joined(lines.slice(0, half))),
    };
    expect(essence((await tryJson(rotated)).report)).toEqual(wanted);
    const two = {
      "eu.log": joined(lines.filter((_, i) => i % 2 === 0)),
      "us.log": joined(lines.filter((_, i) => i % 2 === 1)),
    };
    expect(essence((await tryJson(two)).report)).toEqual(wanted);
  });

  test("standard input", async () => {
    const { context, printed } = aContext({ stdin: () => Readable.from([Buffer.from(json)]) });
    expect(await runTry({ files: ["-"], ...plain, json: true }, context)).toBe(0);
    expect((JSON.parse(printed.stdout) as TryReport).files).toMatchObject([{ file: "-", format: "nginx-json" }]);
  });

  test("for people: every section, and nothing that a terminal obeys", async () => {
    const { stdout } = await tryText({ "access.log": json });
    for (const title of ["Log", "Clients' addresses", "Endpoints: 8", "Detectors", "Found: ", "Would have blocked: "]) {
      expect(stdout).toMatch(new RegExp(`^${title}`, "m"));
    }
    expect(stdout).toContain(`ban of ip ${stuffer}, 2026-08-22 09:00:`);
    expect(stdout).toContain("guard: yes by all");
    expect(stdout).not.toMatch(/[^\P{Cc}\n]/u);
  });
});

describe("a configuration", () => {
  test("its endpoints, detectors and allowlist count; the secrets of its channels need not be at hand", async () => {
    const config = `
sources: [{ name: edge, type: kafka, brokers: ["kafka:9092"], topic: access-logs, sasl: { mechanism: plain, username: x, password: "\${NO_SUCH_SECRET}" } }]
endpoints: [{ method: POST, route: /api/login, class: login, owner: identity }]
teams: { identity: { channels: [chat] } }
channels: { chat: { type: slack, url: "\${NO_SUCH_URL}" } }
detectors: { payment-storm: { mode: off }, rate-limit-burst: { mode: dry-run } }
block: { allow: { addresses: [${stuffer}] } }
geo: { database: none }
`;
    const { report, code } = await tryJson({ "access.log": json }, { config });
    expect(code).toBe(0);
    expect(report.endpoints.find(({ route }) => route === "/api/login")).toMatchObject({ guessed: false });
    expect(report.detectors.map(({ id }) => id)).not.toContain("payment-storm");
    expect(report.detectors.find(({ id }) => id === "rate-limit-burst")).toMatchObject({ mode: "dry-run" });
    expect(report.decisions.find(({ value }) => value === stuffer)).toMatchObject({
      state: "refused",
      verdicts: expect.arrayContaining([
        { rule: "allow-list", says: "no", reason: `allow-listed by ${stuffer}` },
      ]) as unknown,
    });
  });

  test("a format of one's own", async () => {
    const config =
      "formats: { mine: { fields: { time: { path: t, unit: s }, clientIp: who, method: m, path: p, status: s } } }\n";
    const lines = Array.from(
      { length: 60 },
      (_, i) => `{"t":${1_787_000_000 + i},"who":"203.0.113.7","m":"GET","p":"/api/cart","s":200}\n`,
    );
    const { report } = await tryJson({ "mine.log": lines.join("") }, { config, format: "mine" });
    expect(report.lines).toMatchObject({ read: 60, rejected: 0 });
  });

  test.for([
    ["is wrong", "detect: { lateness: soon }\n", "detect.lateness"],
    ["is no map", "- a\n- b\n", "expected"],
  ] as const)("one that %s is explained", async ([, config, told]) => {
    const { code, stderr } = await tryText({ "access.log": json }, { config });
    expect(code).toBe(2);
    expect(stderr).toContain(told);
  });
});

describe("what can't be read", () => {
  test.for([
    ["a file that is not there", ["missing.log"], "there is no such file"],
    ["a folder", ["folder"], "is a folder; name the files in it"],
    ["another packer", ["log.zst"], "zstd -dc"],
    ["the same file twice", ["good.log", "./good.log"], "is named twice"],
    ["too many files", Array.from({ length: 65 }, (_, i) => `${i}.log`), "at most 64 at a time"],
  ] as const)("%s: exit code 2, and what to do", async ([, names, told]) => {
    const folder = tempDirectory();
    mkdirSync(join(folder, "folder"));
    writeFileSync(join(folder, "log.zst"), Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0]));
    writeFileSync(join(folder, "good.log"), combined);
    const { code, stderr, stdout } = await cli([
      "try",
      ...names.map((name) => (name.startsWith("./") ? `${folder}/./${name.slice(2)}` : join(folder, name))),
    ]);
    expect(code).toBe(2);
    expect(stdout).toBe("");
    expect(stderr).toContain(told);
    expect(stderr).toContain("[LOGS_UNREADABLE]");
  });

  test.for([
    ["nothing in it", Buffer.alloc(0), "There is nothing in it."],
    [
      "bytes that are no text",
      Buffer.from(Array.from({ length: 50_000 }, (_, i) => (i * 7919) % 251)),
      "docs/formats.md",
    ],
    ["one line that is too long", Buffer.alloc(3_000_000, "x"), "docs/formats.md"],
    ["a broken gzip stream", Buffer.concat([Buffer.from([0x1f, 0x8b]), Buffer.alloc(500, 7)]), "docs/formats.md"],
    ["another JSON", Buffer.from('{"hello":"world"}\n'.repeat(100)), "--format"],
  ] as const)("%s: exit code 2, and what to do", async ([, bytes, told]) => {
    const { code, stderr, stdout } = await tryText({ "access.log": bytes });
    expect(code).toBe(2);
    expect(stdout).toMatch(/^Log\n/);
    expect(stderr).toContain("Not one line was understood. [LOGS_UNREADABLE]");
    expect(stderr).toContain(told);
  });

  test("an unknown format: the known ones are listed", async () => {
    const { code, stderr } = await tryText({ "access.log": combined }, { format: "apache" });
    expect(code).toBe(2);
    expect(stderr).toMatch(/There is no format apache\. .*\n\nKnown: auto, .*nginx-combined/);
  });

  test("a log that breaks off: what came before counts", async () => {
    const packed = gzipSync(json);
    const { report, code } = await tryJson({ "access.log.gz": packed.subarray(0, packed.length / 2) });
    expect(code).toBe(0);
    expect(report.files).toMatchObject([{ brokenOff: "unexpected end of file" }]);
    expect(report.lines.read).toBeGreaterThan(1000);
    expect(report.lines.reasons.map(({ reason }) => reason)).toContain("undecodable");
  });
});

describe("hostile lines", () => {
  const line = (path: string, agent: string) =>
    `203.0.113.9 - - [22/Aug/2026:09:00:00 +0000] "GET ${path} HTTP/1.1" 200 5 "-" "${agent}"\n`;
  const hostile = [
    ...Array.from({ length: 30 }, () => line("/api/login?password=hunter2", "\u001b]0;owned\u0007\u202e")),
    "\u001b[2J\u009b31m no line of any format password=hunter2 4111111111111111\n",
    "{\u0000\u0000\n",
  ].join("");

  test.for([true, false])("reach no terminal, and carry no secret (JSON: %s)", async (asJson) => {
    const { stdout } = await tryText({ "access.log": hostile }, { json: asJson });
    expect(stdout).not.toMatch(/[^\P{Cc}\n]|[\p{Cf}\p{Zl}\p{Zp}]/u);
    expect(stdout).not.toMatch(/hunter2|4111111111111111/);
  });

  test("every line is counted, for its reason, with one example each", async () => {
    const { report } = await tryJson({ "access.log": hostile });
    expect(report.lines.read).toBe(30);
    expect(report.lines.rejected).toBe(2);
    const told = report.lines.reasons.reduce((sum, { lines }) => sum + lines, 0);
    expect(told).toBe(2);
  });

  test("one line with a time far ahead neither moves the clock nor hides what follows", async () => {
    const lines = json.trimEnd().split("\n");
    const at = lines.length - 700;
    const ahead = lines[at]!.replace(/"msec":"\d+/, `"msec":"${(attackedAt + 20 * 3_600_000) / 1000}`);
    const { report } = await tryJson({ "access.log": [...lines.slice(0, at), ahead, ...lines.slice(at)].join("\n") });
    expect(report.lines.late).toBe(0);
    expect(report.decisions.find(({ value }) => value === stuffer)).toMatchObject({ action: "ban" });
  });
});

test("times without a zone are read in the one that is named", async () => {
  const folder = tempDirectory();
  const file = join(folder, "haproxy.log");
  writeFileSync(file, `${formatCases.find(({ id }) => id === "haproxy-http")!.records[0]}\n`);
  const spanIn = async (...zone: string[]) => {
    const { stdout } = await cli(["try", "--json", ...zone, file]);
    return new Date((JSON.parse(stdout) as TryReport).span!.from).toISOString().slice(0, 16);
  };
  expect(await spanIn()).toBe("2026-08-22T09:14");
  expect(await spanIn("--time-zone", "Europe/Berlin")).toBe("2026-08-22T07:14");
  const wrong = await cli(["try", "--time-zone", "Mars/Base", file]);
  expect(wrong.code).toBe(2);
  expect(wrong.stderr).toContain("There is no time zone Mars/Base.");
});

describe("it starts, sends and writes nothing", () => {
  test("no file appears", async () => {
    const folder = tempDirectory();
    writeFileSync(join(folder, "access.log"), json);
    await cli(["try", join(folder, "access.log")]);
    expect(readdirSync(folder)).toEqual(["access.log"]);
  });

  test.for([
    [
      "a person who watches sees how far it is, and it is wiped away",
      true,
      /^\r\[K[\d,]+ lines read, [\d,]+ a second\r\[K$/,
    ],
    ["a pipe is told nothing", false, /^$/],
  ] as const)("%s", async ([, stderrIsTerminal, told]) => {
    const clock = new TestClock("2026-08-23T09:00:00.000Z");
    const slow = Readable.from(
      (async function* () {
        yield Buffer.from(json);
        await clock.advance(300);
      })(),
    );
    const { context, printed } = aContext({ clock, stderrIsTerminal, stdin: () => slow });
    await runTry({ files: ["-"], ...plain, json: false }, context);
    expect(printed.stderr.replaceAll("\u001b", "")).toMatch(told);
  });
});

// helpers

const plain = { format: "auto", configFile: undefined } as const;

/** After the logs were written. */
function aContext(given: Parameters<typeof testCliContext>[0] = {}) {
  return testCliContext({ clock: new TestClock("2026-08-23T09:00:00.000Z"), runTry, ...given });
}

async function cli(args: readonly string[]) {
  const { context, printed } = aContext();
  return { code: await runCli(args, context), ...printed };
}

interface Settings {
  readonly config?: string;
  readonly format?: string;
  readonly json?: boolean;
}

/** Runs the command over files with these contents. Geo comes from the logs alone, unless there is a configuration. */
async function tryText(logs: Readonly<Record<string, string | Buffer>>, settings: Settings = {}) {
  const folder = tempDirectory();
  const files = Object.entries(logs).map(([name, content]) => {
    writeFileSync(join(folder, name), content);
    return join(folder, name);
  });
  const configFile = join(folder, "gatewatch.yaml");
  writeFileSync(configFile, settings.config ?? "geo: { database: none }\n");
  const asJson = settings.json ? ["--json"] : [];
  return cli(["--config", configFile, "try", "--format", settings.format ?? "auto", ...asJson, ...files]);
}

async function tryJson(logs: Readonly<Record<string, string | Buffer>>, settings: Settings = {}) {
  const { code, stdout } = await tryText(logs, { ...settings, json: true });
  return { code, report: JSON.parse(stdout) as TryReport };
}

/** What must not depend on how lines are cut into files. */
function essence({ lines, detections, decisions }: TryReport) {
  return {
    read: lines.read,
    detections: detections.map(({ id, summary, severity, counters }) => ({ id, summary, severity, counters })),
    decisions: decisions.map(({ value, action, state }) => ({ value, action, state })),
  };
}
