import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createGeoLookup } from "../../src/normalize/geo-lookup.ts";

test("the installed database knows countries and coordinates, of both kinds of address", async () => {
  const { lookup, warning } = await createGeoLookup({ database: "default" });
  expect(warning).toBeUndefined();
  for (const ip of ["8.8.8.8", "2001:4860:4860::"]) {
    const place = lookup?.lookup(ip);
    expect(place?.country).toMatch(/^[A-Z]{2}$/);
    expect(place?.latitude).toBeTypeOf("number");
    expect(place?.longitude).toBeTypeOf("number");
    expect(lookup?.lookup(ip)).toBe(place);
  }
  expect(lookup?.lookup("198.51.100.7")).toBeUndefined();
  expect(lookup?.lookup("no address")).toBeUndefined();
});

test("none is none, without a warning", async () => {
  expect(await createGeoLookup({ database: "none" })).toEqual({ lookup: undefined, warning: undefined });
});

test("a file that is no database says so, and what to do", async () => {
  const folder = await mkdtemp(join(tmpdir(), "gatewatch-geo-"));
  const file = join(folder, "broken.mmdb");
  await writeFile(file, Buffer.alloc(4096, 7));
  const opened = createGeoLookup({ database: file });
  await expect(opened).rejects.toMatchObject({
    code: "GEO_INVALID",
    remedy: expect.stringContaining(".mmdb") as string,
  });
  await expect(createGeoLookup({ database: join(folder, "missing.mmdb") })).rejects.toMatchObject({
    code: "GEO_INVALID",
  });
  await rm(folder, { recursive: true });
});
