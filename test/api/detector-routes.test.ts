import { describe, expect, expectTypeOf, test } from "vitest";
import type { z } from "zod";
import type { reportSchema } from "../../src/api/detector-schema.ts";
import type { LiveReport } from "../../src/block/detector-trial.ts";
import { sampleReport } from "../support/detector-samples.ts";
import { createTestApi } from "../support/test-api.ts";

describe("detectors", () => {
  test("each is listed with its mode, what it sees and what it found; those that are off, too", async () => {
    const { app } = createTestApi();
    const { detectors } = (await app.inject({ url: "/v1/detectors" })).json();
    expect(detectors.map(({ id, mode, state }: Record<string, string>) => [id, mode, state])).toEqual([
      ["credential-stuffing", "active", "full"],
      ["impossible-travel", "dry-run", "reduced"],
      ["payment-storm", "active", "blind"],
      ["rate-limit-burst", "active", "waiting"],
      ["country-surge", "off", "full"],
    ]);
    expect(detectors[1].found).toMatchObject({ detections: 14, open: 1, alerts: 3, blocked: 9, customers: 2 });
    expect(detectors[4]).not.toHaveProperty("found");
    expect(detectors[0]).not.toHaveProperty("params");
  });

  test("one is shown with what it looks for and its parameters", async () => {
    const { app } = createTestApi();
    const { detector } = (await app.inject({ url: "/v1/detectors/country-surge" })).json();
    expect(detector).toMatchObject({
      ...{ mode: "off", key: ["userId"], window: "1h", runbooks: ["credential-stuffing"] },
      params: [{ name: "kilometresPerHour", value: 1_000, default: 900 }],
    });
  });

  test("a report is sent whole", async () => {
    const { app, metrics } = createTestApi();
    const { report } = (await app.inject({ url: "/v1/detectors/impossible-travel/report" })).json();
    expect(report).toEqual(JSON.parse(JSON.stringify(sampleReport())));
    expect(await metrics.registry.metrics()).not.toContain("gatewatch_api_response_misfits_total{");
  });

  test("a report that has seen nothing yet fits, too", async () => {
    const { app, services, metrics } = createTestApi();
    services.reportItems = [sampleReport({ since: undefined, until: undefined, aDay: undefined, adjust: undefined })];
    const { report } = (await app.inject({ url: "/v1/detectors/impossible-travel/report" })).json();
    expect(report).not.toHaveProperty("since");
    expect(await metrics.registry.metrics()).not.toContain("gatewatch_api_response_misfits_total{");
  });
});

test("the schema names every field of a report", () => {
  expectTypeOf<keyof LiveReport>().toEqualTypeOf<keyof z.output<typeof reportSchema>>();
  expectTypeOf<keyof LiveReport["blocks"]>().toEqualTypeOf<keyof z.output<typeof reportSchema>["blocks"]>();
  expectTypeOf<keyof LiveReport["latest"][number]>().toEqualTypeOf<
    keyof z.output<typeof reportSchema>["latest"][number]
  >();
  expectTypeOf<keyof LiveReport["thresholds"][number]>().toEqualTypeOf<
    keyof z.output<typeof reportSchema>["thresholds"][number]
  >();
});
