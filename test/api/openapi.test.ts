import { Validator } from "@seriousme/openapi-schema-validator";
import { describe, expect, test } from "vitest";
import { createTestApi } from "../support/test-api.ts";

describe("the OpenAPI document", () => {
  const { app } = createTestApi();
  const routes = new Set<string>();
  app.addHook("onRoute", ({ method, url, schema }) => {
    if (schema?.hide || url.startsWith("/docs")) return;
    for (const verb of [method].flat()) if (verb !== "HEAD") routes.add(`${verb} ${url.replace(/:(\w+)/g, "{$1}")}`);
  });
  const read = async () => (await app.inject({ url: "/docs/json" })).json();

  test("is valid", async () => {
    const { valid, errors } = await new Validator().validate(await read());
    expect({ valid, errors }).toEqual({ valid: true, errors: undefined });
  });

  test("lists every route, and only those", async () => {
    const { paths } = await read();
    const listed = Object.entries<object>(paths).flatMap(([path, verbs]) =>
      Object.keys(verbs)
        .filter((verb) => verb !== "head")
        .map((verb) => `${verb.toUpperCase()} ${path}`),
    );
    expect(listed.sort()).toEqual([...routes].sort());
    expect(listed).toContain("POST /v1/incidents/{id}/acknowledge");
  });

  test("says of each route what it does, what it takes to call it, and what errors look like", async () => {
    const { paths } = await read();
    for (const [path, verbs] of Object.entries<object>(paths)) {
      for (const operation of Object.values(verbs)) {
        expect(operation).toMatchObject({ summary: expect.any(String), tags: [expect.any(String)] });
        const open = path === "/healthz" || path === "/readyz";
        expect(operation.security).toEqual(open ? [] : [{ token: [] }]);
        expect(JSON.stringify(operation.responses["5XX"])).toContain("#/components/schemas/Error");
      }
    }
  });

  test("refers to nothing that is not there, and names nothing that is not referred to", async () => {
    const document = await read();
    const text = JSON.stringify(document);
    const referred = new Set([...text.matchAll(/"#\/components\/schemas\/([^"]+)"/g)].map((match) => `${match[1]}`));
    expect([...referred].sort()).toEqual(Object.keys(document.components.schemas).sort());
  });
});

test("the page of the documentation asks nobody else for anything", async () => {
  const { app } = createTestApi();
  const { body } = await app.inject({ url: "/docs" });
  const addresses = [...body.matchAll(/(?:src|href)="([^"]+)"/g)].map((match) => match[1] as string);
  expect(addresses.length).toBeGreaterThan(3);
  for (const url of addresses) {
    expect(url).toMatch(/^\/docs\/static\//);
    expect((await app.inject({ url })).statusCode).toBe(200);
  }
  expect(body).not.toMatch(/<script>|<style>| style=/);
});
