import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { GeoWatch, placesForBlocking } from "../src/geo-watch.ts";
import { createMetrics } from "../src/metrics.ts";
import { createGeoLookup } from "../src/normalize/geo-lookup.ts";
import { writeMmdb } from "./support/mmdb.ts";
import { makeTemporaryDirectory } from "./support/temporary-directory.ts";
import { TestClock } from "./support/test-clock.ts";

const { directory, remove } = makeTemporaryDirectory();
afterAll(remove);

test("a damaged database is told once, by log, incident, status and metric; a good one ends it", async () => {
  const path = join(directory, "places.mmdb");
  const database = (country: string) => writeMmdb({ networks: { "8.8.8.0/24": { country } }, builtAt: 1_780_000_000 });
  writeFileSync(path, database("DE"));
  const clock = new TestClock(1_780_000_100_000);
  const metrics = createMetrics();
  const logged: string[] = [];
  const raised: string[] = [];
  const note = (level: string) => (_: object, text: string) => void logged.push(`${level}: ${text}`);
  const geo = await createGeoLookup({ database: path });
  const watch = new GeoWatch({
    ...{ geo, clock, metrics, log: { info: note("info"), error: note("error") } as never },
    service: { raise: (kind, name, text) => void raised.push(`${kind} ${name}: ${text}`), clear: () => void raised.push("over") },
  }); // prettier-ignore
  const metric = async (name: string) => (await metrics.registry.metrics()).split("\n").filter((line) => line.startsWith(`gatewatch_normalize_geo_${name}`)); // prettier-ignore
  geo.lookup?.lookup("8.8.8.8");
  geo.lookup?.lookup("9.9.9.9");
  expect(await metric("lookups")).toEqual(['gatewatch_normalize_geo_lookups_total{result="known"} 1', 'gatewatch_normalize_geo_lookups_total{result="unknown"} 1']); // prettier-ignore
  expect(await metric("database_age")).toEqual(['gatewatch_normalize_geo_database_age_seconds{file="places.mmdb"} 100']); // prettier-ignore

  writeFileSync(path, "no database");
  for (let i = 0; i < 5; i++) await watch.look();
  expect(logged.filter((line) => line.startsWith("error"))).toHaveLength(1);
  expect(raised.at(-1)).toContain(`reload-failed geo: geo.database: ${path} can't be used`);
  expect(watch.status()).toMatchObject([{ file: "places.mmdb", builtAt: 1_780_000_000_000, trouble: expect.stringContaining("no database") as string }]); // prettier-ignore
  expect(await metric("database_failing")).toEqual(['gatewatch_normalize_geo_database_failing{file="places.mmdb"} 1']); // prettier-ignore
  expect(placesForBlocking(geo).geo?.("8.8.8.8")).toEqual({ country: "DE" });

  writeFileSync(path, database("AT"));
  for (let i = 0; i < 3; i++) await watch.look();
  expect(raised.at(-1)).toBe("over");
  expect(watch.status()).toEqual([{ file: "places.mmdb", builtAt: 1_780_000_000_000 }]);
  expect(placesForBlocking(geo).geo?.("8.8.8.8")).toEqual({ country: "AT" });
  expect(logged.at(-1)).toContain("taken over");
});

test("without a database, decisions on countries have nothing to go by", () => {
  expect(placesForBlocking({ lookup: undefined })).toEqual({});
});
