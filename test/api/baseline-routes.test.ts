import { expect, test } from "vitest";
import { createTestApi } from "../support/test-api.ts";

test("what is usual now, at each place", async () => {
  const { app } = createTestApi();
  const answer = (await app.inject({ url: "/v1/baselines" })).json();
  expect(answer).toMatchObject({ timeZone: "UTC", places: [{ place: "route /api/login", median: 300, samples: 4 }] });
  expect((await app.inject({ url: "/v1/baselines?of=errors" })).json().places).toEqual([]);
});

test("a week of one place", async () => {
  const { app } = createTestApi();
  const week = async (place: string) => app.inject({ url: `/v1/baselines/week?place=${encodeURIComponent(place)}` });
  const { hours } = (await week("route /api/login")).json();
  expect(hours).toHaveLength(168);
  expect(hours[167]).toMatchObject({ hourOfWeek: 167, level: "hour-of-week", confidence: "high" });
  expect((await week("route /nowhere")).statusCode).toBe(404);
});

test.for(["of=nonsense", "of=requests&more=1"])("refuses %s", async (query) => {
  const { app } = createTestApi();
  expect((await app.inject({ url: `/v1/baselines?${query}` })).statusCode).toBe(400);
});
