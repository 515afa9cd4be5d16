import { describe, expect, test } from "vitest";
import { RepeatFilter } from "../../src/detect/repeat-filter.ts";
import { anEvent } from "../support/an-event.ts";

const failed = { endpointClass: "login", attempt: true, outcome: "failed", status: 401, requestId: "r-1" } as const;

describe("a line that comes twice", () => {
  test("is told the second time, and every time after", () => {
    const filter = new RepeatFilter();
    expect([0, 1, 2].map(() => filter.isRepeat(anEvent(failed)))).toEqual([false, true, true]);
  });

  test.for([
    ["another request", { requestId: "r-2" }],
    ["a millisecond later", { time: anEvent({}).time + 1 }],
    ["another account", { userId: "bert" }],
    ["another answer", { status: 403 }],
    ["what the shop's application says of the same request", { origin: "shop" as const }],
  ] as const)("is none: %s", ([, other]) => {
    const filter = new RepeatFilter();
    filter.isRepeat(anEvent({ ...failed, userId: "anna" }));
    expect(filter.isRepeat(anEvent({ ...failed, userId: "anna", ...other }))).toBe(false);
  });

  test.for([
    ["without a request id, two tries may look alike", { ...failed, requestId: undefined }],
    ["pages are not looked at", { requestId: "r-1", outcome: "ok" as const, attempt: false }],
  ] as const)("is not looked for: %s", ([, event]) => {
    const filter = new RepeatFilter();
    expect([0, 1].map(() => filter.isRepeat(anEvent(event)))).toEqual([false, false]);
  });
});
