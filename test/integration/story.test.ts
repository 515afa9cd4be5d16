import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { Webhook } from "standardwebhooks";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Decision } from "../../src/block/decision.ts";
import type { Detection } from "../../src/detect/detection.ts";
import type { Incident } from "../../src/incident/incident.ts";
import { bouncerMissing, type CrowdsecBouncer, startBouncer } from "../support/crowdsec-bouncer.ts";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/free-port.ts";
import { type GatewatchProcess, startGatewatch } from "../support/gatewatch-process.ts";
import { type HttpCapture, startHttpCapture } from "../support/http-capture.ts";
import { type KafkaBroker, startKafka } from "../support/kafka-broker.ts";
import { connectProducer, type Producer, shipFile } from "../support/kafka-producer.ts";
import { goodLogin } from "../support/nginx-lines.ts";
import { type Nginx, nginxMissing, startNginx } from "../support/nginx.ts";
import { openTestStore } from "../support/open-test-store.ts";
import { bodiesOf, hookSecret, type PagedChannels, startChannels } from "../support/paged-channels.ts";
import { makeTemporaryDirectory } from "../support/temporary-directory.ts";

const missing = nginxMissing() ?? bouncerMissing();
const attacker = "203.0.113.7";
const customer = "198.51.100.4";
const gatewaySecret = "whsec_dGhlLWdhdGV3YXlzLXdlYmhvb2stc2VjcmV0LTMyYnl0ZXM=";
const bouncerKey = "a-key-of-one-test-only";

describe.skipIf(missing)(`from a log line to a page and a block${missing ? ` (${missing})` : ""}`, () => {
  const { directory, remove } = makeTemporaryDirectory();
  let noKafka: string | undefined;
  let kafka: KafkaBroker;
  let channels: PagedChannels;
  let gateway: HttpCapture;
  let shop: Server;
  let nginx: Nginx;
  let producer: Producer;
  let endShipping: () => Promise<void>;
  let start: () => Promise<GatewatchProcess>;
  let gatewatch: GatewatchProcess;
  let bouncer: CrowdsecBouncer;
  let lastFailureAt = 0;

  beforeAll(async () => {
    const started = await startKafka();
    noKafka = started.unavailableReason;
    if (!started.broker) return;
    kafka = started.broker;
    await kafka.createTopic("access-logs", 1);
    channels = await startChannels();
    gateway = await startHttpCapture({ status: 204 });
    shop = await listen(startShop());
    const port = await freePort();
    const crowdsecPort = await freePort();
    nginx = await startNginx({ shopPort: portOf(shop), gatewatchPort: port, realIpFrom: "127.0.0.1" });
    producer = await connectProducer(kafka.brokers, "access-logs");
    endShipping = shipFile(nginx.accessLog, producer);
    const config = configuration({ kafka, channels, gateway, crowdsecPort });
    start = () => startGatewatch({ directory, port, config });
    gatewatch = await start();
    bouncer = await startBouncer({ apiPort: crowdsecPort, key: bouncerKey });
  });

  beforeEach(({ skip }) => skip(noKafka !== undefined, noKafka));

  afterAll(async () => {
    await bouncer?.stop();
    await gatewatch?.kill();
    await endShipping?.();
    await producer?.close();
    await nginx?.stop();
    if (shop) await close(shop);
    await gateway?.close();
    await channels?.close();
    await kafka?.stop();
    remove();
  });

  const ask = async (client: string, path = "/api/products/17") =>
    fetch(nginx.url + path, { headers: { "x-forwarded-for": client } });
  const signIn = async (client: string, user: string, password: string) => {
    const headers = { "x-forwarded-for": client, "content-type": "application/json" };
    const answer = await fetch(`${nginx.url}/api/login`, { method: "POST", headers, body: JSON.stringify({ user, password }) }); // prettier-ignore
    return answer.status;
  };
  const incident = async () => (await gatewatch.get<{ incidents: Incident[] }>("/v1/incidents")).incidents[0];

  test("a client that tries many accounts is refused; another is served", async () => {
    await producer.send(anHourOfSignIns());
    for (let i = 0; i < 30; i++) expect(await signIn(`198.51.100.${i}`, `customer-${i}`, "right")).toBe(200);
    await eventually("the customers' lines to be read", async () => (await eventsRead(gatewatch)) >= 90);
    for (let i = 0; i < 8; i++) expect(await signIn(attacker, `user-${i}`, `guess-${i}`)).toBe(401);
    lastFailureAt = performance.now();
    let refused: Response | undefined;
    await eventually("nginx to refuse the attacker", async () => {
      refused = await ask(attacker);
      return refused.status === 403;
    });
    const took = performance.now() - lastFailureAt;
    process.stdout.write(`story: from the last 401 to the first 403: ${took.toFixed(0)} ms\n`);
    expect(took).toBeLessThan(2_000);
    expect(refused?.headers.get("x-gatewatch-action")).toBe("ban");
    expect((await ask(customer)).status).toBe(200);
    const { decisions } = await gatewatch.get<{ decisions: Decision[] }>("/v1/decisions");
    expect(decisions).toHaveLength(1);
    expect(decisions[0]).toMatchObject({ scope: "ip", value: attacker, action: "ban", state: "active", dryRun: false });
    expect(refused?.headers.get("x-gatewatch-reference")).toBe(decisions[0]?.uuid);
  });

  test("there is one incident, with its runbook and evidence", async () => {
    const found = await incident();
    expect(found).toMatchObject({ runbook: "credential-stuffing", severity: "high", state: "open", team: "identity", detectionCount: 1 }); // prettier-ignore
    const { detections } = await gatewatch.get<{ detections: Detection[] }>(`/v1/incidents/${found?.id}/evidence`);
    expect(detections).toHaveLength(1);
    expect(detections[0]?.evidence.length).toBeGreaterThanOrEqual(4);
    expect(detections[0]).toMatchObject({ key: { clientIp: attacker }, counters: { failures: 8, attempts: 8, accounts: 8 } }); // prettier-ignore
    const runbook = await gatewatch.get(`/v1/runbooks/${found?.runbook}`);
    expect(runbook).toMatchObject({ runbook: { id: "credential-stuffing" } });
  });

  test("a mail reaches a real SMTP server", async () => {
    const mail = await eventually("a mail", () => channels.smtp.mails[0]);
    expect(mail).toMatchObject({ from: "gatewatch@shop.example", to: ["oncall@shop.example"] });
    expect(mail.mail.subject).toContain("Credential stuffing");
    for (const text of [mail.mail.text, mail.mail.html]) expect(text).toContain(attacker);
  });

  test("Slack and PagerDuty get their requests", async () => {
    const id = (await incident())?.id;
    await eventually("Slack", () => channels.slack.requests.length > 0);
    const [message] = bodiesOf<{ blocks: { type: string }[] }>(channels.slack.requests);
    expect(message?.blocks[0]?.type).toBe("header");
    expect(JSON.stringify(message)).toContain(`/incidents/${id}`);
    expect(JSON.stringify(message)).toContain("8 of 8 sign-ins");
    await eventually("PagerDuty", () => channels.pagerduty.requests.length > 0);
    const [event] = bodiesOf<object>(channels.pagerduty.requests);
    expect(event).toMatchObject({
      routing_key: "0123456789abcdef0123456789abcdef",
      event_action: "trigger",
      dedup_key: id,
      payload: { severity: "error", source: "story", component: "api-gateway", group: "identity" },
    });
  });

  test("the team's webhook and the gateway's are signed", async () => {
    const id = (await incident())?.id;
    const page = await eventually("the team's webhook", () => channels.hook.requests[0]);
    const paged = new Webhook(hookSecret).verify(page.body, page.headers as Record<string, string>);
    expect(paged).toMatchObject({ data: { incident: { id } } });
    const block = await eventually("the gateway's webhook", () => gateway.requests[0]);
    const told = new Webhook(gatewaySecret).verify(block.body, block.headers as Record<string, string>);
    expect(told).toMatchObject({
      type: "gatewatch.block.created",
      data: { action: "ban", target: { scope: "ip", value: attacker }, incident: id },
    });
    expect(() => new Webhook(hookSecret).verify(block.body, block.headers as Record<string, string>)).toThrow(
      "No matching signature",
    );
  });

  test("Debian's crowdsec-custom-bouncer receives the decision", async () => {
    const call = await eventually("the bouncer", () => bouncer.calls().find((line) => line.includes(attacker)));
    expect(call).toMatch(/^add 203\.0\.113\.7 (900|8\d\d) gatewatch\/credential-stuffing/);
    expect(bouncer.complaints()).toEqual([]);
  });

  test("our own 403s are read back, and feed nothing", async () => {
    const before = await eventsRead(gatewatch);
    for (let i = 0; i < 20; i++) expect((await ask(attacker)).status).toBe(403);
    await eventually("the refused requests' lines", async () => (await eventsRead(gatewatch)) >= before + 20);
    expect(await incident()).toMatchObject({ detectionCount: 1 });
  });

  test("stopped, it has drained: ClickHouse has the rows", async () => {
    expect(await gatewatch.stop()).toBe(0);
    const store = await openTestStore(join(directory, "data"));
    try {
      const [detection] = await store.latest<Detection>("detections", "detector = 'credential-stuffing'");
      expect(detection).toMatchObject({ key: { clientIp: attacker } });
      const rows = await store.query<{ clientIp: string; failures: number }>(
        "SELECT clientIp, counters['failures'] AS failures FROM detections FINAL WHERE detector = 'credential-stuffing'",
      );
      expect(rows).toEqual([{ clientIp: attacker, failures: 8 }]);
      const [minutes] = await store.query<{ failed: number; ok: number }>(
        "SELECT sum(failed) AS failed, sum(ok) AS ok FROM endpoint_minutes FINAL WHERE endpointClass = 'login'",
      );
      expect(minutes).toEqual({ failed: 8, ok: 90 });
    } finally {
      await store.close();
    }
  });

  test("started again, it still has the incident, and still refuses the client", async () => {
    gatewatch = await start();
    expect(await incident()).toMatchObject({ runbook: "credential-stuffing", state: "open" });
    // Just started, on a busy machine, its first answer may come too late, and then nginx lets everybody in.
    await eventually("a refusal", async () => (await ask(attacker)).status === 403);
    expect(channels.pagerduty.requests).toHaveLength(1);
  });

  test.for([
    ["hung (SIGSTOP)", () => gatewatch.hang()],
    ["killed (SIGKILL)", () => gatewatch.kill()],
  ] as const)("gatewatch %s: customers are served, at most 100 ms slower", async ([how, harm]) => {
    // The middle one: single requests wait for whatever else this machine does (nginx-auth-request.test.ts has those).
    const usual = async () => {
      const took: number[] = [];
      for (let i = 0; i < 21; i++) {
        const began = performance.now();
        expect((await ask(customer)).status).toBe(200);
        took.push(performance.now() - began);
      }
      return took.sort((a, b) => a - b)[10] as number;
    };
    gatewatch.resume();
    const normal = await usual();
    await harm();
    const slower = (await usual()) - normal;
    process.stdout.write(`story: with gatewatch ${how}, requests take ${slower.toFixed(1)} ms longer\n`);
    expect(slower).toBeLessThan(100);
  });
});

// helpers

function configuration(parts: {
  kafka: KafkaBroker;
  channels: PagedChannels;
  gateway: HttpCapture;
  crowdsecPort: number;
}) {
  const { kafka, channels, gateway, crowdsecPort } = parts;
  return {
    service: { name: "story", dataDirectory: "./data" },
    sources: [
      { name: "edge", type: "kafka", brokers: kafka.brokers, topic: "access-logs", from: "earliest", gateway: "nginx" },
    ],
    endpoints: [{ method: "POST", route: "/api/login", class: "login", owner: "identity" }],
    ...channels.config,
    detect: { clients: 4096 },
    block: { mode: "enforce" },
    gateways: [{ name: "edge-hook", type: "webhook", url: gateway.url, secret: gatewaySecret }],
    crowdsec: { listen: `127.0.0.1:${crowdsecPort}`, keys: [{ name: "custom", key: bouncerKey }] },
  };
}

/** What customers did before: the guard compares with it. */
function anHourOfSignIns(): string[] {
  const now = Date.now();
  return Array.from({ length: 60 }, (_, i) => goodLogin(now - (66 - i) * 60_000, `198.51.100.${i}`, `customer-${i}`));
}

/** A shop that knows one password, and names the account that was tried. */
function startShop(): Server {
  return createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (text: string) => (body += text));
    request.on("end", () => {
      if (request.url !== "/api/login") return response.end("ok");
      const { user, password } = JSON.parse(body) as { user: string; password: string };
      return response.writeHead(password === "right" ? 200 : 401, { "x-shop-user": user }).end();
    });
  });
}

function eventsRead(gatewatch: GatewatchProcess): Promise<number> {
  return gatewatch.metric("gatewatch_normalize_events_total");
}

function listen(server: Server): Promise<Server> {
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server)));
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

function close(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}
