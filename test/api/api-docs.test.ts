import { readFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { apiErrors } from "../../src/api/api-error.ts";
import { roles } from "../../src/api/api-config.ts";
import { createTestApi } from "../support/test-api.ts";

const docs = await readFile(new URL("../../docs/api.md", import.meta.url), "utf8");
const rows = (heading: string) =>
  (docs.split(`\n## ${heading}\n`)[1]?.split("\n## ")[0] ?? "")
    .split("\n")
    .filter((line) => line.startsWith("| `"))
    .map((line) =>
      line
        .split("|")
        .map((cell) => cell.trim().replaceAll("`", ""))
        .slice(1),
    );

describe("docs/api.md says what is so", () => {
  test("every route, with who may use it", async () => {
    const { app } = createTestApi();
    const found: string[][] = [];
    app.addHook("onRoute", ({ method, url, schema, config }) => {
      if (schema?.hide || url.startsWith("/docs")) return;
      const access = config?.access === "metrics" ? "viewer" : config?.access === "check" ? "gateway" : config?.access;
      for (const verb of [method].flat()) {
        if (verb !== "HEAD") found.push([`${verb} ${url.replace(/:(\w+)/g, "{$1}")}`, `${access}`]);
      }
    });
    await app.ready();
    const listed = rows("Routes").map(([route, role]) => [`${route}`, `${role}`]);
    expect(listed.toSorted(byFirst)).toEqual(found.toSorted(byFirst));
  });

  test("every error code, with its status", () => {
    const listed = rows("Errors").map(([code, status]) => [code, Number(status)]);
    expect(Object.fromEntries(listed)).toEqual(apiErrors);
  });

  test("every role", () => {
    expect(rows("Who may use it").map(([role]) => role)).toEqual([...roles]);
  });

  test("every metric, with its labels", async () => {
    const { app, metrics } = createTestApi();
    await app.ready();
    const names = (await metrics.registry.getMetricsAsJSON()).map(({ name }) => name);
    expect(
      rows("Metrics")
        .map(([name]) => `${name}`)
        .toSorted(),
    ).toEqual(names.toSorted());
  });
});

// helpers

function byFirst(a: readonly string[], b: readonly string[]): number {
  return `${a[0]}`.localeCompare(`${b[0]}`);
}
