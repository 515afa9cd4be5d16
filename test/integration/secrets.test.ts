import { statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { describedFormats } from "../support/format-cases.ts";
import { type GatewatchProcess, startGatewatch } from "../support/gatewatch-process.ts";
import { answersOf, filesIn, type Leftover, tablesIn } from "../support/leftovers.ts";
import { type PagedChannels, startChannels } from "../support/paged-channels.ts";
import { plantedSecrets, secretsIn, secretTargets, secretTexts } from "../support/planted-secrets.ts";
import { makeTemporaryDirectory } from "../support/temporary-directory.ts";

const s = plantedSecrets;

/** A request as each format writes it, with everything that any of them may log. */
interface Asked {
  readonly time: number;
  readonly client: string;
  readonly method: string;
  readonly target: string;
  readonly status: number;
  readonly user: string;
  readonly agent: string;
}

/** What gateways log when somebody turns on headers; none of it is ever to be kept. */
const headers = {
  authorization: `Bearer ${s.jwt}`,
  cookie: s.cookie,
  "x-api-key": s.stripeKey,
  "set-cookie": s.cookie,
  "proxy-authorization": s.basic,
};

/** What the shop itself adds to a line. */
const shopKeys = {
  api_key: s.stripeKey,
  session: s.cookie,
  attributes: { password: s.password, note: `card ${s.card}`, loginResult: `failed token=${s.querySecret}` },
};

const formats: Readonly<Record<string, (asked: Asked) => string>> = {
  "nginx-json": ({ time, client, method, target, status, user, agent }) =>
    JSON.stringify({
      ...{ msec: (time / 1000).toFixed(3), request_time: 0.02, remote_addr: client, peer: client, method, host: "shop.example" },
      ...{ uri: target, status, bytes_sent: 90, upstream_status: String(status), request_id: s.jwt, user, ua: agent },
      ...{ http_authorization: headers.authorization, http_cookie: s.cookie, http_referer: `https://shop.example${target}` },
      ...shopKeys,
    }), // prettier-ignore
  "nginx-combined": ({ time, client, method, target, status, agent }) =>
    `${client} - - [${clf(time)}] "${method} ${target} HTTP/1.1" ${status} 88 "https://shop.example${target}" "${agent}" "${s.cookie}"`,
  "envoy-gateway": ({ time, client, method, target, status, user, agent }) =>
    JSON.stringify({
      ...{ start_time: new Date(time).toISOString(), method, "x-envoy-origin-path": target, protocol: "HTTP/2" },
      ...{ response_code: status, response_flags: "-", response_code_details: "via_upstream", duration: 5 },
      ...{ "user-agent": agent, "x-request-id": s.stripeKey, ":authority": "shop.example", user_id: user },
      ...{ downstream_remote_address: `${client}:51877`, ...headers, ...shopKeys },
    }), // prettier-ignore
  kong: ({ time, client, method, target, status, user, agent }) =>
    JSON.stringify({
      request: {
        ...{ id: "9f2c1d7e", method, uri: target, url: `https://anna:${s.password}@shop.example${target}`, size: 100 },
        ...{ querystring: { password: s.password }, headers: { host: "shop.example", "user-agent": agent, ...headers } },
      },
      response: { status, size: 240, headers: { "set-cookie": s.cookie } },
      ...{ latencies: { proxy: 5, request: 6, kong: 1 }, client_ip: client, started_at: time, source: "upstream" },
      ...{ consumer: { custom_id: user }, authenticated_entity: { id: s.stripeKey }, ...shopKeys },
    }), // prettier-ignore
  "shop-json": ({ time, client, method, target, status, user }) =>
    JSON.stringify({
      ...{ ts: time / 1000, http: { method, path: target, status }, client: { ip: client }, took: 0.01, user },
      ...{ promo: s.jwt, loginResult: `password=${s.password}`, answered: String(status), ...headers },
    }),
};

const names = Object.keys(formats);

describe("secrets in the lines of every format, with attacks among them", () => {
  const { directory, remove } = makeTemporaryDirectory();
  const dataDirectory = join(directory, "data");
  let channels: PagedChannels;
  let gatewatch: GatewatchProcess;
  /** All the service said or kept, by where. */
  const leftovers: Leftover[] = [];
  const keep = (where: string, text: string) => void leftovers.push({ where, text });

  beforeAll(async () => {
    channels = await startChannels();
    for (const name of names) writeFileSync(join(directory, `${name}.log`), linesOf(name).join("\n") + "\n");
    gatewatch = await startGatewatch({ directory, config: configuration(channels) });
    const lines = names.flatMap(linesOf);
    const pushed = await fetch(`${gatewatch.url}/v1/logs`, { method: "POST", headers: { "content-type": "text/plain" }, body: linesOf("nginx-json").join("\n") }); // prettier-ignore
    expect(pushed.status).toBe(202);
    await eventually("all lines", async () => {
      const counted = await Promise.all(["events", "rejected"].map((kind) => gatewatch.metric(`gatewatch_normalize_${kind}_total`))); // prettier-ignore
      return counted.reduce((a, b) => a + b) >= lines.length + linesOf("nginx-json").length;
    });
    await eventually("an attack in each format", async () => (await incidentKeys(gatewatch)).size === names.length);
    await eventually("pages", () => channels.smtp.mails.length > 0 && channels.hook.requests.length > 0);
    await eventually("pages", () => channels.slack.requests.length > 0 && channels.pagerduty.requests.length > 0);
    leftovers.push(...(await answersOf(gatewatch, [...names.map(attackerOf), "anna"])));
    keep("pages", channels.everything());
  });
  afterAll(async () => {
    await gatewatch?.kill();
    await channels?.close();
    remove();
  });

  test("every format's attack was found and decided upon", async () => {
    expect(await incidentKeys(gatewatch)).toEqual(new Set(names.map(attackerOf)));
    const { decisions } = await gatewatch.get<{ decisions: { value: string }[] }>("/v1/decisions?limit=100");
    expect(new Set(decisions.map(({ value }) => value))).toEqual(new Set(names.map(attackerOf)));
  });

  test("the spool, which holds lines as they came, is for the service's user alone", () => {
    const spool = join(dataDirectory, "spool");
    const files = filesIn(spool);
    expect(files.length).toBeGreaterThan(0);
    for (const { where } of files) expect((statSync(spool + where).mode & 0o777).toString(8)).toBe("600");
  });

  test("stopped, the log, the files and every column of every table are collected", async () => {
    expect(await gatewatch.stop()).toBe(0);
    keep("the log", gatewatch.log());
    const tables = await tablesIn(dataDirectory);
    leftovers.push(...tables, ...filesIn(dataDirectory, (path) => path.startsWith(join(dataDirectory, "spool"))));
    const filled = ["access_events", "actor_minutes", "decisions", "deliveries", "detections", "endpoint_minutes", "incident_events", "incidents", "rejected_records"].map((name) => `table ${name}`); // prettier-ignore
    expect(tables.map(({ where }) => where)).toEqual(expect.arrayContaining(filled));
  });

  test("none of the secrets is anywhere", () => {
    expect(leftovers.length).toBeGreaterThan(30);
    const leaks = leftovers.flatMap(({ where, text }) => secretsIn(text).map((secret) => `${secret} in ${where}`));
    expect(leaks).toEqual([]);
  });

  test("and they would have been noticed", () => {
    const planted = secretsIn(names.flatMap(linesOf).join("\n"));
    expect(planted.sort()).toEqual(Object.keys(plantedSecrets).sort());
  });
});

// helpers

function configuration(channels: PagedChannels) {
  const file = (name: string) => ({ name, type: "file", path: `./${name}.log`, from: "start", format: name });
  return {
    service: { dataDirectory: "./data", log: { level: "debug" } },
    sources: [...names.map(file), { name: "push", type: "http", format: "nginx-json" }],
    formats: { "shop-json": describedFormats["shop-json"] },
    endpoints: [{ method: "POST", route: "/api/login", class: "login", owner: "identity" }],
    ...channels.config,
    store: { type: "embedded", retention: { accessEvents: "1d" } },
    detect: { clients: 4096 },
    block: { mode: "enforce" },
  };
}

function attackerOf(format: string): string {
  return `203.0.113.${names.indexOf(format) + 1}`;
}

/** An attack, then a request for every place a secret may stand in, then lines that nobody can read. */
function linesOf(format: string): string[] {
  const write = formats[format] as (asked: Asked) => string;
  const client = attackerOf(format);
  const now = Date.now() - 10_000;
  const common = { time: now, client: "198.51.100.9", method: "GET", target: "/api/products/17", status: 200, user: "anna", agent: "App/1" }; // prettier-ignore
  const attack = Array.from({ length: 30 }, (_, i) => ({
    ...{ ...common, client, method: "POST", status: 401, user: `user-${i}`, time: now + i * 100 },
    target: `/api/login?password=${s.password}&token=${s.querySecret}&card=${s.card}`,
    agent: secretTexts[i % secretTexts.length] as string,
  }));
  const places = [
    ...secretTargets.map((target) => ({ ...common, target })),
    ...secretTexts.map((agent) => ({ ...common, agent })),
    ...[s.jwt, s.stripeKey, s.card].map((user) => ({ ...common, user })),
  ];
  const whole = [...attack, ...places].map(write);
  const broken = whole.map((line, i) => line.slice(i % 7, -1 - (i % 60)));
  return [...whole, ...broken];
}

async function incidentKeys(gatewatch: GatewatchProcess): Promise<Set<string>> {
  const { detections } = await gatewatch.get<{ detections: { detector: string; key: Record<string, string> }[] }>("/v1/detections?limit=100"); // prettier-ignore
  return new Set(detections.filter(({ detector }) => detector === "credential-stuffing").map(({ key }) => key["clientIp"] ?? "")); // prettier-ignore
}

/** `22/Aug/2026:09:14:07 +0000`. */
function clf(time: number): string {
  const [, day, month, year, clock] = /, (\d\d) (\w{3}) (\d{4}) ([\d:]+)/.exec(new Date(time).toUTCString()) ?? [];
  return `${day}/${month}/${year}:${clock} +0000`;
}
