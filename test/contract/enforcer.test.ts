import { Webhook } from "standardwebhooks";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Enforcer } from "../../src/block/decision.ts";
import { createWebhookEnforcer } from "../../src/block/webhook-enforcer.ts";
import { aDecision } from "../block/a-decision.ts";
import { type CapturedRequest, type HttpCapture, startHttpCapture } from "../support/http-capture.ts";
import { TestClock } from "../support/test-clock.ts";

const secret = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;
const clock = new TestClock(Date.now());

/** Every enforcer that speaks HTTP; a new one is a line here. */
const enforcers: readonly {
  readonly type: string;
  readonly create: (url: string) => Enforcer;
  /** What a request told the gateway: `+` or `-`, and whom; throws when it can't be believed. */
  readonly told: (request: CapturedRequest) => string;
}[] = [
  {
    type: "webhook",
    create: (url) => createWebhookEnforcer({ name: "edge", url, secret, clock }),
    told: ({ body, headers }) => {
      const event = new Webhook(secret).verify(body, headers as Record<string, string>) as {
        type: string;
        data: { target: { value: string } };
      };
      return `${event.type === "gatewatch.block.created" ? "+" : "-"} ${event.data.target.value}`;
    },
  },
];

describe.each(enforcers)("the $type enforcer", ({ type, create, told }) => {
  let gateway: HttpCapture;
  let enforcer: Enforcer;
  const never = new AbortController().signal;
  const added = [aDecision({ value: "203.0.113.1" }), aDecision({ value: "2001:db8::/64", scope: "range" })];
  const ended = [aDecision({ value: "203.0.113.2", state: "lifted", version: 2 })];
  const apply = (change: Partial<Parameters<Enforcer["apply"]>[0]>, signal = never) =>
    enforcer.apply({ added: [], ended: [], servingSince: 0, ...change }, signal);

  beforeAll(async () => {
    gateway = await startHttpCapture();
  });
  afterAll(() => gateway.close());
  beforeEach(() => {
    (gateway.requests as CapturedRequest[]).length = 0;
    gateway.answer({ status: 204 });
    enforcer = create(gateway.url);
  });

  test("knows its type and name", () => {
    expect([enforcer.type, enforcer.name]).toEqual([type, "edge"]);
  });

  test("tells what came and what ended, in a way the gateway can believe", async () => {
    await apply({ added, ended });
    expect(gateway.requests.map(told).sort()).toEqual(["+ 2001:db8::/64", "+ 203.0.113.1", "- 203.0.113.2"]);
  });

  test("tells nothing when there is nothing", async () => {
    await apply({});
    expect(gateway.requests).toEqual([]);
  });

  test.for([301, 302, 307, 400, 401, 410, 429, 500, 503])("rejects on %i, and follows no redirect", async (status) => {
    gateway.answer({ status, headers: { location: `${gateway.url}/elsewhere`, "retry-after": "7" } });
    await expect(apply({ ended })).rejects.toThrow(/\w/);
    expect(gateway.requests.map(({ path }) => path)).toEqual(["/hook"]);
  });

  test("gives up when told to", async () => {
    gateway.answer("hang");
    const control = new AbortController();
    const applying = apply({ added }, control.signal);
    control.abort();
    await expect(applying).rejects.toThrow(/abort/i);
  });

  test("rejects when nobody listens", async () => {
    enforcer = create("http://127.0.0.1:1/");
    await expect(apply({ added })).rejects.toThrow(/\w/);
  });

  test("carries hostile values as they are", async () => {
    const value = '"},{"x":"\r\n\u2028<script>';
    await apply({ added: [aDecision({ scope: "user", value, reason: "\u0000".repeat(5000) })] });
    expect(gateway.requests.map(told)).toEqual([`+ ${value}`]);
    expect(gateway.requests[0]?.body.length).toBeLessThan(20_000);
  });
});

describe("the webhook's delivery id", () => {
  test("is the same on a retry, and another for each change, its end, and after all was withdrawn", async () => {
    const ids: string[] = [];
    const send: typeof fetch = async (_, init) => {
      ids.push(new Headers(init?.headers).get("webhook-id") ?? "");
      return new Response(null, { status: 204 });
    };
    const enforcer = createWebhookEnforcer({ name: "edge", url: "http://127.0.0.1/", secret, clock, fetch: send });
    const decision = aDecision();
    const signal = new AbortController().signal;
    const changes: Parameters<Enforcer["apply"]>[0][] = [
      { added: [decision], ended: [], servingSince: 0 },
      { added: [decision], ended: [], servingSince: 0 },
      { added: [{ ...decision, version: 2 }], ended: [], servingSince: 0 },
      { added: [], ended: [{ ...decision, version: 2 }], servingSince: 0 },
      { added: [{ ...decision, version: 2 }], ended: [], servingSince: 5 },
    ];
    for (const change of changes) await enforcer.apply(change, signal);
    expect(ids[0]).toBe(ids[1]);
    expect(new Set(ids).size).toBe(4);
    expect(ids.every((id) => /^[\w-]+$/.test(id))).toBe(true);
  });
});
