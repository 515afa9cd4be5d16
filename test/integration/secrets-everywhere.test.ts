import { spawnSync } from "node:child_process";
import { statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { envelopeCases } from "../support/envelope-cases.ts";
import { eventually } from "../support/eventually.ts";
import { describedFormats, formatCases } from "../support/format-cases.ts";
import { type GatewatchProcess, startGatewatch } from "../support/gatewatch-process.ts";
import { answersOf, filesIn, type Leftover, tablesIn } from "../support/leftovers.ts";
import { type PagedChannels, startChannels } from "../support/paged-channels.ts";
import { brokenVersions, plantEverywhere, tellingTexts } from "../support/plant-secrets.ts";
import { plantedSecrets, secretsIn } from "../support/planted-secrets.ts";
import { makeTemporaryDirectory } from "../support/temporary-directory.ts";

/** So many records of each format, and of each format in each envelope; every place and every secret is among them. */
const perFormat = 400;
const perEnvelope = 12;
const longest = 64 * 1024;
/** Whom the golden records show; and who attacks now, since nobody is paged for what is months old. */
const client = "198.51.100.23";
const attacker = "203.0.113.61";

const plain = formatCases.map((one) => ({ ...one, planted: spread(plantedIn(one), perFormat) }));
const wrapped = envelopeCases.map((envelope, i) => ({ ...envelope, name: `envelope-${i}` }));

describe("secrets in every part of every format's records, in every envelope, through the whole service", () => {
  const { directory, remove } = makeTemporaryDirectory();
  const dataDirectory = join(directory, "data");
  const leftovers: Leftover[] = [];
  let channels: PagedChannels;
  let gatewatch: GatewatchProcess;
  let written = 0;

  beforeAll(async () => {
    channels = await startChannels();
    for (const { id, planted } of plain) {
      const lines = [...planted, ...spread(planted, 60).flatMap(brokenVersions), ...spread(planted, 4).map(tooLong)];
      writeFileSync(join(directory, `${id}.log`), lines.map(asLine).join("\n") + "\n");
      written += lines.length;
    }
    const bodies: Uint8Array[] = [];
    for (const { name, carries, wrap } of wrapped) {
      const records = formatCases.filter(fitting(carries)).flatMap((one) => spread(plantedIn(one), perEnvelope));
      const messages = records.flatMap((record) => wrapOrNothing(wrap, record));
      bodies.push(...messages.filter((message) => typeof message !== "string"));
      const texts = messages.filter((message) => typeof message === "string");
      writeFileSync(join(directory, `${name}.log`), texts.map((text) => `${text}\n`).join(""));
    }
    gatewatch = await startGatewatch({ directory, config: configuration(channels) });
    for (const body of bodies) expect((await post(gatewatch, body, "application/x-protobuf")).status).toBe(200);
    expect((await post(gatewatch, freshAttack().join("\n"), "text/plain")).status).toBe(202);

    await eventually("all to be read", async () => {
      const counted = await readSoFar(gatewatch);
      await new Promise((resolve) => setTimeout(resolve, 500));
      return counted > written && counted === (await readSoFar(gatewatch));
    }, 60_000); // prettier-ignore
    await eventually("an attack", async () => (await incidentsOf(gatewatch)).includes("credential-stuffing"));
    await eventually("pages", () => channels.smtp.mails.length > 0 && channels.hook.requests.length > 0);
    await eventually("pages", () => channels.slack.requests.length > 0 && channels.pagerduty.requests.length > 0);
    const answers = await answersOf(gatewatch, [client, attacker, plantedSecrets.email]);
    // Who asks for an e-mail address is told of it.
    leftovers.push(...answers.filter(({ where }) => !where.includes(encodeURIComponent(plantedSecrets.email))));
    leftovers.push({ where: "pages", text: channels.everything() });
  });
  afterAll(async () => {
    await gatewatch?.kill();
    await channels?.close();
    remove();
  });

  test("most were read as events, many were rejected", async () => {
    expect(await gatewatch.metric("gatewatch_normalize_events_total")).toBeGreaterThan(written / 3);
    for (const reason of ["not_json", "too_long", "bad_field", "format_changed"]) {
      expect(await gatewatch.metric("gatewatch_normalize_rejected_total", { reason })).toBeGreaterThan(0);
    }
  });

  test("what `gatewatch try` and `gatewatch why` print is collected", () => {
    const run = (...args: string[]) => {
      const main = join(import.meta.dirname, "../../src/main.ts");
      const command = [main, "--config", gatewatch.configFile, ...args];
      const { stdout, stderr } = spawnSync(process.execPath, command, { encoding: "utf8", cwd: directory });
      return stdout + stderr;
    };
    const logs = plain.map(({ id }) => `${id}.log`);
    for (const more of [[], ["--json"]]) {
      leftovers.push({ where: `try ${more.join()}`, text: run("try", ...more, ...logs) });
      leftovers.push({ where: `why ${more.join()}`, text: run("why", ...more, attacker) });
    }
    expect(leftovers.slice(-4).map(({ text }) => text.length > 200)).toEqual([true, true, true, true]);
  }); // prettier-ignore

  test("stopped, the log, the files and every column of every table are collected", async () => {
    expect(await gatewatch.stop()).toBe(0);
    leftovers.push({ where: "the log", text: gatewatch.log() });
    const tables = await tablesIn(dataDirectory);
    expect(tables.map(({ where }) => where)).toEqual(expect.arrayContaining(["access_events", "actor_minutes", "deliveries", "detections", "endpoint_minutes", "incident_events", "incidents", "rejected_records"].map((name) => `table ${name}`))); // prettier-ignore
    leftovers.push(...tables, ...filesIn(dataDirectory, (path) => path.startsWith(join(dataDirectory, "spool"))));
  });

  test("only the spool holds lines as they came, and is for the service's user alone", () => {
    const spool = join(dataDirectory, "spool");
    for (const { where } of filesIn(spool)) expect((statSync(spool + where).mode & 0o777).toString(8)).toBe("600");
  });

  test("none of the secrets is anywhere", () => {
    expect(leftovers.length).toBeGreaterThan(40);
    const leaks = leftovers.flatMap(({ where, text }) => secretsIn(text).map((name) => `${name} in ${where}: ${around(text, name)}`)); // prettier-ignore
    expect(leaks).toEqual([]);
  });

  test("and they would have been noticed", () => {
    const all = secretsIn(plain.flatMap(({ planted }) => planted).join("\n"));
    expect(all.sort()).toEqual(Object.keys(plantedSecrets).filter((name) => name !== "resetToken").sort()); // prettier-ignore
  });
});

// helpers

type FormatCase = (typeof formatCases)[number];

function configuration(channels: PagedChannels) {
  const file = (name: string, format: string) => ({ name, type: "file", path: `./${name}.log`, from: "start", format, maxRecordBytes: `${longest / 1024}KiB` }); // prettier-ignore
  return {
    service: { dataDirectory: "./data", log: { level: "debug" } },
    sources: [
      ...plain.map(({ id }) => file(id, id)),
      ...wrapped.map(({ name }) => file(name, "auto")),
      { name: "push", type: "http", maxRecordBytes: `${longest / 1024}KiB` },
    ],
    formats: describedFormats,
    proxies: { trusted: ["10.0.0.0/8"] },
    // Else users are kept by their names, and may well be called by an e-mail address.
    privacy: { pseudonymKey: "a key of sixteen characters" },
    endpoints: [{ method: "POST", route: "/v1/login", class: "login", owner: "identity" }],
    ...channels.config,
    geo: { database: "none" },
    store: { type: "embedded", retention: { accessEvents: "30d" } },
    detect: { clients: 4096 },
    block: { mode: "enforce" },
  };
}

/** Sign-ins that fail, each with another secret in every place. */
function freshAttack(): string[] {
  const now = Date.now() - 10_000;
  return Object.values(tellingTexts).flatMap((text, n) =>
    [0, 1].map((i) =>
      JSON.stringify({
        ...{ msec: ((now + n * 200 + i * 100) / 1000).toFixed(3), request_time: 0.02, remote_addr: attacker, peer: attacker },
        ...{ method: "POST", host: i === 0 ? "shop.example" : text, status: 401, bytes_sent: 90, upstream_status: "401" },
        ...{ uri: `/v1/login?x=${text}`, request_id: text, user: `${text} ${i}`, ua: text, http_cookie: text, http_referer: text },
        ...{ api_key: text, session: text, device: text, role: text, attributes: { note: text, login: text, password: text } },
      }),
    ),
  ); // prettier-ignore
}

/** All of a format's golden records, with secrets. */
function plantedIn({ format, records }: FormatCase): string[] {
  return records.flatMap((record) => plantEverywhere(format, record).map((one) => one.record));
}

/** So many of the list, from all over it: a step that has no divisor in common with what it is made of. */
function spread<T>(list: readonly T[], count: number): T[] {
  const step = Math.max(1, Math.floor(list.length / count)) | 1;
  return Array.from({ length: Math.min(count, list.length) }, (_, i) => list[(i * step) % list.length] as T);
}

function fitting(carries: "lines" | "json" | "otlp"): (one: FormatCase) => boolean {
  return ({ format, records }) => {
    const isOtlp = records[0]?.includes('"otlp.') ?? false;
    return carries === "otlp" ? isOtlp : !isOtlp && (carries === "lines" || format.kind === "json");
  };
}

/** What is nearly JSON fits into no envelope of objects. */
function wrapOrNothing(wrap: (record: string) => string | Uint8Array, record: string): (string | Uint8Array)[] {
  try {
    return [wrap(record)];
  } catch {
    return [];
  }
}

/** Files are read line by line. */
function asLine(record: string): string {
  return record.replaceAll("\n", " ");
}

function tooLong(record: string): string {
  return record + ` ${Object.values(tellingTexts).join(" ")}`.repeat(Math.ceil(longest / 500));
}

async function readSoFar(gatewatch: GatewatchProcess): Promise<number> {
  const counted = await Promise.all(["events", "rejected"].map((kind) => gatewatch.metric(`gatewatch_normalize_${kind}_total`))); // prettier-ignore
  return counted.reduce((a, b) => a + b);
}

async function incidentsOf(gatewatch: GatewatchProcess): Promise<string[]> {
  const { incidents } = await gatewatch.get<{ incidents: { runbook: string }[] }>("/v1/incidents");
  return incidents.map(({ runbook }) => runbook);
}

function post(gatewatch: GatewatchProcess, body: string | Uint8Array, type: string): Promise<Response> {
  return fetch(`${gatewatch.url}/v1/logs`, {
    method: "POST",
    headers: { "content-type": type },
    body: Buffer.from(body),
  });
}

function around(text: string, name: string): string {
  const at = text.indexOf(plantedSecrets[name as keyof typeof plantedSecrets]);
  return text.slice(Math.max(0, at - 120), at + 80);
}
