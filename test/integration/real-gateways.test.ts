import { beforeAll, describe, expect, test } from "vitest";
import type { AccessEvent, NormalizedBatch } from "../../src/normalize/access-event.ts";
import { proxiesConfig } from "../../src/normalize/proxies-config.ts";
import type { Normalizer } from "../../src/normalize/normalizer.ts";
import { freePort } from "../support/free-port.ts";
import { caddyGateway } from "../support/gateways/caddy.ts";
import { envoyGateway } from "../support/gateways/envoy.ts";
import type { Gateway } from "../support/gateways/gateway.ts";
import { haproxyHttpGateway, haproxyJsonGateway } from "../support/gateways/haproxy.ts";
import { nginxGateway } from "../support/gateways/nginx.ts";
import { requests, sendAll, trustedHop } from "../support/gateways/requests.ts";
import { traefikClfGateway, traefikJsonGateway } from "../support/gateways/traefik.ts";
import { answerBytes, loginTakesMs, startUpstream } from "../support/gateways/upstream.ts";
import {
  compared,
  expected,
  type LogKnowledge,
  type Projection,
  whatLogsKnow,
} from "../support/gateways/what-logs-know.ts";
import { aNormalizer } from "../support/normalizing.ts";
import { secretsIn } from "../support/planted-secrets.ts";

const gateways: readonly Gateway[] = [
  nginxGateway,
  haproxyHttpGateway,
  haproxyJsonGateway,
  caddyGateway,
  traefikJsonGateway,
  traefikClfGateway,
  envoyGateway,
];
const missing = new Map<Gateway, string | undefined>();
for (const gateway of gateways) missing.set(gateway, await gateway.missing());

describe.each(gateways)("$name", (gateway) => {
  const reason = missing.get(gateway);
  let statuses: ReadonlyMap<string, number | undefined>;
  let logs: ReadonlyMap<string, readonly string[]>;
  let began = 0;

  beforeAll(async () => {
    if (reason !== undefined) return;
    const upstream = await startUpstream();
    began = Date.now();
    const running = await gateway.start({ up: upstream.port, down: await freePort() });
    try {
      statuses = await sendAll(running.port);
    } finally {
      logs = await running.stop();
      await upstream.stop();
    }
  });

  describe.skipIf(reason).each(gateway.logs)(`%s${reason ? ` (${reason})` : ""}`, (log) => {
    const knows = whatLogsKnow[log] as LogKnowledge;
    let normalizer: Normalizer;
    let batch: NormalizedBatch;

    beforeAll(() => {
      normalizer = aNormalizer({ proxies: proxiesConfig.parse({ trusted: [trustedHop] }) });
      batch = normalize(normalizer, logs.get(log) ?? []);
    });

    test("is found to be of its format", () => {
      expect(normalizer.formatOf("edge")).toBe(knows.format);
    });

    test.for(compared.map((request) => [request.name, request] as const))("%s", ([name, request]) => {
      const event = eventOf(batch, name);
      expect(projection(event)).toEqual(expected(request, knows));
      expect(event.status).toBe(statuses.get(name));
    });

    test("a path of 1 MB breaks nothing", () => {
      const huge = batch.events.filter(({ path }) => path.startsWith("/v1/huge/"));
      expect(huge.map(({ status }) => status)).toEqual(knows.huge);
      expect(batch.rejected.map(({ reason }) => reason)).toEqual(knows.rejected);
    });

    test("tells when and how long", () => {
      for (const { time } of batch.events) {
        // Text logs have whole seconds.
        expect(time).toBeGreaterThanOrEqual(Math.floor(began / 1000) * 1000);
        expect(time).toBeLessThanOrEqual(Date.now());
      }
      const { durationMs, upstreamMs } = eventOf(batch, "401");
      const { responseBytes } = eventOf(batch, "200");
      expect({
        durationMs: isWithin(durationMs, loginTakesMs - 2, loginTakesMs + 2000),
        upstreamMs: isWithin(upstreamMs, loginTakesMs - 2, loginTakesMs + 2000),
        // Some count the headers, too.
        responseBytes: isWithin(responseBytes, answerBytes, answerBytes + 500),
      }).toEqual({
        durationMs: knows.lacks.durationMs === undefined || undefined,
        upstreamMs: knows.lacks.upstreamMs === undefined || undefined,
        responseBytes: knows.lacks.responseBytes === undefined || undefined,
      });
    });

    test("keeps no secret", () => {
      expect(secretsIn((logs.get(log) ?? []).join("\n"))).not.toEqual([]);
      expect(secretsIn(JSON.stringify(batch))).toEqual([]);
    });

    test("is read the same a line at a time", () => {
      const lines = logs.get(log) ?? [];
      const again = aNormalizer({ proxies: proxiesConfig.parse({ trusted: [trustedHop] }), format: knows.format });
      const events = lines.flatMap((line) => normalize(again, [line]).events);
      expect(events).toEqual(batch.events);
    });
  });
});

// helpers

function normalize(normalizer: Normalizer, records: readonly string[]): NormalizedBatch {
  return normalizer.normalize({
    source: "edge",
    partition: "edge:access/0",
    records,
    offsets: records.map((_, i) => i),
    refused: [],
    next: records.length,
    receivedAt: Date.now(),
  });
}

/** The event of a request; gateways write in the order in which they were asked. */
function eventOf(batch: NormalizedBatch, name: string): AccessEvent {
  const path = requests.find((request) => request.name === name)?.target.split("?")[0];
  const same = requests.filter(({ target }) => target.split("?")[0] === path).map((request) => request.name);
  const found = batch.events.filter((event) => event.path === path);
  expect(found, `events of ${path}`).toHaveLength(same.length);
  return found[same.indexOf(name)] as AccessEvent;
}

function projection(event: AccessEvent): Projection {
  const { method, path, status, clientIp, clientIpTrust, outcome, answeredBy, host, userAgent } = event;
  return { method, path, status, clientIp, clientIpTrust, outcome, answeredBy, host, userAgent };
}

/** `undefined` where there is no figure. */
function isWithin(figure: number | undefined, least: number, most: number): boolean | undefined {
  return figure === undefined ? undefined : figure >= least && figure <= most;
}
