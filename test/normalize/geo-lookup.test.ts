import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, describe, expect, test } from "vitest";
import { createGeoLookup } from "../../src/normalize/geo-lookup.ts";
import { geoConfig } from "../../src/normalize/normalize-config.ts";
import { writeMmdb } from "../support/mmdb.ts";

const folder = mkdtempSync(join(tmpdir(), "gatewatch-geo-"));
afterAll(() => rmSync(folder, { recursive: true }));

const put = (name: string, content: Buffer | string) => {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
};

const city = { country: { iso_code: "DE" }, location: { latitude: 52.5, longitude: 13.4 } };
const cityFile = () => writeMmdb({ networks: { "8.8.8.0/24": city, "9.0.0.0/8": { country_code: "fr" } } });

describe("the installed databases", () => {
  test("know country, coordinates and network, of both kinds of address", async () => {
    const { lookup, warning } = await createGeoLookup({ database: "default" });
    expect(warning).toBeUndefined();
    for (const ip of ["8.8.8.8", "2001:4860:4860::"]) {
      const place = lookup?.lookup(ip);
      expect(place?.country).toMatch(/^[A-Z]{2}$/);
      expect(place?.latitude).toBeTypeOf("number");
      expect(place?.longitude).toBeTypeOf("number");
      expect(place?.asn).toBe(15_169);
      expect(lookup?.lookup(ip)).toBe(place);
    }
    expect(lookup?.lookup("198.51.100.7")).toBeUndefined();
    expect(lookup?.lookup("2001:db8::")).toBeUndefined();
    expect(lookup?.lookup("no address")).toBeUndefined();
  });

  test("say when they were put together", async () => {
    const geo = await createGeoLookup({ database: "default" });
    expect(geo.files()).toHaveLength(4);
    for (const { builtAt } of geo.files()) expect(builtAt).toBeGreaterThan(Date.UTC(2026, 0, 1));
  });
});

test("none is none, without a warning", async () => {
  const geo = await createGeoLookup({ database: "none" });
  expect([geo.lookup, geo.warning, geo.files()]).toEqual([undefined, undefined, []]);
});

test("none can't be one of several; several can be given", () => {
  expect(geoConfig.safeParse({ database: ["none", "a.mmdb"] }).success).toBe(false);
  expect(geoConfig.safeParse({ database: [] }).success).toBe(false);
  expect(geoConfig.parse({ database: ["a.mmdb", "default"] })).toEqual({ database: ["a.mmdb", "default"] });
});

describe("several files", () => {
  test("of each field counts what the first says that knows it", async () => {
    const first = put("first.mmdb", writeMmdb({ networks: { "8.8.8.0/24": { asn: "AS64500", latitude: 1.5 } } }));
    const second = put("second.mmdb", cityFile());
    const third = put("third.mmdb", writeMmdb({ networks: { "8.0.0.0/8": { autonomous_system_number: 64_501, country: "IT" } } })); // prettier-ignore
    const { lookup } = await createGeoLookup({ database: [first, second, third] });
    expect(lookup?.lookup("8.8.8.8")).toEqual({ country: "DE", latitude: 52.5, longitude: 13.4, asn: 64_500 });
    expect(lookup?.lookup("8.9.9.9")).toMatchObject({ country: "IT", asn: 64_501 });
    expect(lookup?.lookup("9.9.9.9")).toMatchObject({ country: "FR", asn: undefined });
    expect(lookup?.lookup("10.9.9.9")).toBeUndefined();
  });

  test("a database of IPv4 addresses is not asked for others", async () => {
    const file = put("v4.mmdb", writeMmdb({ networks: { "32.1.0.0/16": city } }));
    const { lookup } = await createGeoLookup({ database: file });
    expect(lookup?.lookup("32.1.2.3")).toMatchObject({ country: "DE" });
    expect(lookup?.lookup("2001:db8::")).toBeUndefined();
  });

  test("a database of both", async () => {
    const networks = { "2001:db8::/32": city, "8.8.8.0/24": { country: "FR" } };
    const file = put("v6.mmdb", writeMmdb({ networks, ipVersion: 6 }));
    const { lookup } = await createGeoLookup({ database: file });
    expect(lookup?.lookup("2001:db8:1:2::")).toMatchObject({ country: "DE" });
    expect(lookup?.lookup("8.8.8.8")).toMatchObject({ country: "FR" });
  });

  test("what is no country, coordinate or network number is nothing", async () => {
    const odd = { country_code: "<b>", latitude: 91, longitude: "1e9", asn: "AS-1" };
    const nested = { country: { iso_code: { a: "DE" } }, location: "here", autonomous_system_number: 0 };
    const file = put(
      "odd.mmdb",
      writeMmdb({ networks: { "8.0.0.0/8": odd, "9.0.0.0/8": nested, "11.0.0.0/8": "DE" } }),
    );
    await expect(createGeoLookup({ database: file })).rejects.toThrow("its records are damaged");
    const mapsOnly = put("odd.mmdb", writeMmdb({ networks: { "8.0.0.0/8": odd, "9.0.0.0/8": nested } }));
    const geo = await createGeoLookup({ database: mapsOnly });
    expect([geo.lookup?.lookup("8.1.1.1"), geo.lookup?.lookup("9.1.1.1")]).toEqual([undefined, undefined]);
    expect(geo.counts()).toEqual({ known: 0, unknown: 2 });
  });
});

describe("a file that can't be used says why, and what to do", () => {
  const whole = cityFile();
  test.for([
    ["empty", Buffer.alloc(0), "it is empty"],
    ["text", "country,latitude\nDE,52\n", "cut short, or no database"],
    ["zeros", Buffer.alloc(1_000_000), "cut short, or no database"],
    ["packed", gzipSync(whole), "it is packed (gzip)"],
    ["cut short", whole.subarray(0, -200), "cut short, or no database"],
    ["cut in its metadata", whole.subarray(0, -20), "metadata are damaged"],
    ["without its first half", whole.subarray(-230), "shorter than its metadata say"],
    ["of version 3", writeMmdb({ networks: {}, metadata: { binary_format_major_version: 3 } }), "version is 3"],
    ["of IP version 5", writeMmdb({ networks: {}, metadata: { ip_version: 5 } }), "metadata are damaged"],
    ["of odd records", writeMmdb({ networks: {}, metadata: { record_size: 25 } }), "metadata are damaged"],
    ["of too many nodes", writeMmdb({ networks: {}, metadata: { node_count: 4_000_000_000 } }), "shorter than its metadata say"], // prettier-ignore
    ["of records that are cut", writeMmdb({ networks: { "0.0.0.0/1": city, "128.0.0.0/1": city } }).fill(0xff, 40, 90), "records are damaged"],
  ] as const)("%s", async ([name, content, why]) => {
    const file = put(`${name}.mmdb`, Buffer.from(content));
    const error: unknown = await createGeoLookup({ database: file }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "GEO_INVALID", remedy: expect.stringContaining(".mmdb") as string });
    expect(String(error)).toContain(`${name}.mmdb`);
    expect(String(error)).toContain(why);
  }); // prettier-ignore

  test("missing, or a folder", async () => {
    await expect(createGeoLookup({ database: join(folder, "missing.mmdb") })).rejects.toThrow("there is no such file");
    await expect(createGeoLookup({ database: folder })).rejects.toThrow("it is a folder");
  });
});

describe("a file that changes", () => {
  const opened = async (name: string) => {
    const path = put(name, cityFile());
    const geo = await createGeoLookup({ database: path });
    expect(geo.lookup?.lookup("8.8.8.8")?.country).toBe("DE");
    return { path, geo, country: () => geo.lookup?.lookup("8.8.8.8")?.country };
  };
  const other = writeMmdb({ networks: { "8.8.8.0/24": { country: "AT" } }, builtAt: 1_790_000_000 });

  test("replaced by another, is taken over once it stays as it is", async () => {
    const { path, geo, country } = await opened("replaced.mmdb");
    renameSync(put("replaced.new", other), path);
    expect((await geo.refresh()).taken).toEqual([]);
    expect(country()).toBe("DE");
    expect((await geo.refresh()).taken).toMatchObject([{ path, builtAt: 1_790_000_000_000 }]);
    expect(country()).toBe("AT");
    expect((await geo.refresh()).taken).toEqual([]);
  });

  test("half written, is left alone until it is whole", async () => {
    const { path, geo, country } = await opened("written.mmdb");
    for (const part of [0, 50, 100]) {
      writeFileSync(path, other.subarray(0, part));
      expect(await geo.refresh()).toEqual({ taken: [], troubles: new Map() });
    }
    await geo.refresh();
    expect((await geo.refresh()).troubles.get(path)).toContain("cut short");
    expect(country()).toBe("DE");
    writeFileSync(path, other);
    await geo.refresh();
    expect(await geo.refresh()).toMatchObject({ taken: [{ path }], troubles: new Map() });
    expect(country()).toBe("AT");
  });

  test("damaged, leaves the one before in use, and is opened once", async () => {
    const { path, geo, country } = await opened("damaged.mmdb");
    writeFileSync(path, "no database");
    await geo.refresh();
    for (let i = 0; i < 3; i++) {
      const { troubles } = await geo.refresh();
      expect(troubles.get(path)).toContain(`${path} can't be used`);
    }
    expect(country()).toBe("DE");
  });

  test("gone, leaves the one before in use; back as it was, is no trouble", async () => {
    const { path, geo, country } = await opened("gone.mmdb");
    renameSync(path, `${path}.away`);
    await geo.refresh();
    expect((await geo.refresh()).troubles.get(path)).toContain("there is no such file");
    expect(country()).toBe("DE");
    renameSync(`${path}.away`, path);
    await geo.refresh();
    expect(await geo.refresh()).toEqual({ taken: [], troubles: new Map() });
    expect(country()).toBe("DE");
  });
});
