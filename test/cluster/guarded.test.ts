import { describe, expect, test } from "vitest";
import type { Enforcer } from "../../src/block/decision.ts";
import { guardEnforcer, guardNotifiers } from "../../src/cluster/guarded.ts";
import type { Notifier, Page } from "../../src/notify/notifier.ts";

const yes = () => Promise.resolve(true);
const no = () => Promise.resolve(false);

describe("a channel", () => {
  test("tells people while this instance acts, and keeps its properties", async () => {
    const { sent, notifier } = channel();
    const guarded = guardNotifiers(new Map([["hook", notifier]]), yes).get("hook")!;
    expect(await guarded.send({} as Page, new AbortController().signal)).toMatchObject({ kind: "sent" });
    expect(sent).toHaveLength(1);
    const { channel: name, type, idempotent, minIntervalMs } = guarded;
    expect({ name, type, idempotent, minIntervalMs }).toEqual({ name: "hook", type: "webhook", idempotent: true, minIntervalMs: 40 }); // prettier-ignore
  });

  test.for<[string, () => Promise<boolean>, AbortSignal]>([
    ["another instance acts", no, new AbortController().signal],
    ["it took too long to be certain", yes, AbortSignal.abort()],
  ])("tells nobody when %s", async ([, mayAct, signal]) => {
    const { sent, notifier } = channel();
    const guarded = guardNotifiers(new Map([["hook", notifier]]), mayAct).get("hook")!;
    expect(await guarded.send({} as Page, signal)).toMatchObject({ kind: "retry" });
    expect(sent).toEqual([]);
  });
});

describe("a gateway", () => {
  test("is told while this instance acts, and nothing when another one does", async () => {
    const told: unknown[] = [];
    const enforcer: Enforcer = { name: "edge", type: "webhook", apply: async (change) => void told.push(change) };
    const change = { added: [], ended: [], servingSince: 7 };
    const { signal } = new AbortController();
    await guardEnforcer(enforcer, yes).apply(change, signal);
    await expect(guardEnforcer(enforcer, no).apply(change, signal)).rejects.toThrow(/another instance/);
    await expect(guardEnforcer(enforcer, yes).apply(change, AbortSignal.abort())).rejects.toThrow(/abort/);
    expect(told).toEqual([change]);
  });
});

// helpers

function channel() {
  const sent: Page[] = [];
  const notifier: Notifier = {
    ...{ channel: "hook", type: "webhook", idempotent: true, minIntervalMs: 40 },
    async send(page) {
      sent.push(page);
      return { kind: "sent", reference: undefined };
    },
  };
  return { sent, notifier };
}
