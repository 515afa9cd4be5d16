import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { endpointsConfig, type EndpointConfig } from "../../src/normalize/endpoint-config.ts";
import { createEndpointIndex } from "../../src/normalize/endpoint-index.ts";

const inventory = endpointsConfig.parse([
  { method: "POST", route: "/api/login", class: "login", owner: "identity" },
  { method: ["GET", "PUT"], route: "/api/orders/{id}", class: "order" },
  { method: "GET", route: "/api/orders/latest", class: "account" },
  { method: "GET", route: "/api/orders/{id}/items/{item}", class: "order" },
  { method: "GET", route: "/api/orders/{id}.json", class: "order" },
  { method: "GET", route: "/api/orders/o-{id}", class: "order" },
  { method: "GET", route: "/flights/{from}-{to}", class: "catalog" },
  { method: "GET", route: "/flights/{from}-{to}-{day}", class: "catalog" },
  { method: "ANY", route: "/static/{rest...}", class: "catalog" },
  { method: "HEAD", route: "/probe", class: "other" },
  { method: "GET", route: "/probe", class: "catalog" },
  { method: "GET", route: "/", class: "catalog" },
]);

describe("the inventory", () => {
  const index = createEndpointIndex(inventory);
  test.for([
    ["a word", "POST", "/api/login", "/api/login"],
    ["a slash too many", "POST", "/api//login/", "/api/login"],
    ["slashes too many at both ends", "POST", "//api/login//", "/api/login"],
    ["nothing but a slash", "GET", "/", "/"],
    ["a name", "GET", "/api/orders/17", "/api/orders/{id}"],
    ["another method of the same entry", "PUT", "/api/orders/17", "/api/orders/{id}"],
    ["HEAD is GET", "HEAD", "/api/orders/17", "/api/orders/{id}"],
    ["a word wins over a name", "GET", "/api/orders/latest", "/api/orders/latest"],
    ["a name where the word leads nowhere", "GET", "/api/orders/latest/items/1", "/api/orders/{id}/items/{item}"],
    ["a name where the word lacks the method", "PUT", "/api/orders/latest", "/api/orders/{id}"],
    ["a name that begins like a word", "GET", "/api/orders/later", "/api/orders/{id}"],
    ["a name is never empty", "GET", "/api/orders/", undefined],
    ["text after a name", "GET", "/api/orders/17.json", "/api/orders/{id}.json"],
    ["only text after a name", "GET", "/api/orders/.json", "/api/orders/{id}"],
    ["text before a name", "GET", "/api/orders/o-17", "/api/orders/o-{id}"],
    ["text before wins over text after", "GET", "/api/orders/o-17.json", "/api/orders/o-{id}"],
    ["two names", "GET", "/flights/BER-LIS", "/flights/{from}-{to}"],
    ["three names win over two", "GET", "/flights/BER-LIS-today", "/flights/{from}-{to}-{day}"],
    ["two names, and nothing for one", "GET", "/flights/BER-", undefined],
    ["the rest", "DELETE", "/static/a/b/c.js", "/static/{rest...}"],
    ["the rest may be nothing", "GET", "/static", "/static/{rest...}"],
    ["no part of a word is the rest", "GET", "/statics", undefined],
    ["another method", "GET", "/api/login", undefined],
    ["deeper than listed", "POST", "/api/login/x", undefined],
    ["shorter than listed", "POST", "/api", undefined],
    ["capitals", "POST", "/API/login", undefined],
    ["no path", "OPTIONS", "*", undefined],
  ] as const)("%s", ([, method, path, route]) => {
    expect(index.match(method, path)?.any?.route).toBe(route);
  });

  test("HEAD may have an entry of its own", () => {
    expect(index.match("HEAD", "/probe")?.any?.class).toBe("other");
  });

  test("ANY stands beside a method that has only operations", () => {
    const index = createEndpointIndex(
      endpointsConfig.parse([
        { method: "POST", route: "/graphql", operation: "Login", class: "login" },
        { method: "ANY", route: "/graphql", class: "other" },
        { method: "ANY", route: "/graphql", operation: "Pay", class: "payment" },
      ]),
    );
    const classes = (method: string) => {
      const match = index.match(method, "/graphql");
      return [match?.any?.class, ...(match?.some ?? []).map((endpoint) => endpoint.class)];
    };
    expect(classes("POST")).toEqual(["other", "login", "payment"]);
    expect(classes("GET")).toEqual(["other", "payment"]);
  });
});

test.for([
  ["a rest in the middle", "/a/{rest...}/b", "expected {rest...} as the last segment only"],
  ["a rest beside text", "/a/x{rest...}", "expected {rest...} as the last segment only"],
  ["a brace too many", "/a/{id}}", "brace too many"],
  ["a brace too few", "/a/{id", "brace too many or too few"],
  ["no name", "/a/{}", "expected a name in the braces"],
  ["names side by side", "/a/{b}{c}", "expected something between the names"],
] as const)("a route with %s is explained", ([, route, message]) => {
  const { error } = endpointsConfig.safeParse([{ method: "GET", route, class: "other" }]);
  expect(error?.issues[0]?.message).toContain(message);
  expect(error?.issues[0]?.path).toEqual([0, "route"]);
});

test("finds what a look at every entry finds, in the same order of preference", () => {
  const text = fc.string({ unit: fc.constantFrom("a", "b", "-", "."), minLength: 1, maxLength: 3 });
  const segment = fc.oneof(
    { weight: 3, arbitrary: text },
    { weight: 2, arbitrary: fc.constant("{x}") },
    fc.tuple(fc.option(text), fc.option(text)).map(([before, after]) => `${before ?? ""}{x}${after ?? ""}`),
    fc.tuple(fc.option(text), text).map(([before, between]) => `${before ?? ""}{x}${between}{y}`),
  );
  const routes = fc
    .tuple(fc.array(segment, { maxLength: 4 }), fc.boolean())
    .map(([segments, rest]) => `/${[...segments, ...(rest ? ["{rest...}"] : [])].join("/")}`);
  const method = fc.constantFrom("GET", "HEAD", "POST", "ANY");
  const path = fc
    .array(fc.string({ unit: fc.constantFrom("a", "b", "-", ".", "/"), maxLength: 4 }), { maxLength: 4 })
    .map((segments) => `/${segments.join("/")}`);
  fc.assert(
    fc.property(
      fc.array(fc.record({ route: routes, method }), { maxLength: 30 }),
      fc.array(fc.record({ path, method: fc.constantFrom("GET", "HEAD", "POST") }), { minLength: 1, maxLength: 20 }),
      (given, asked) => {
        const endpoints = endpointsConfig.parse(given.map((one) => ({ ...one, class: "other" })));
        const index = createEndpointIndex(endpoints);
        for (const one of asked) {
          expect(index.match(one.method, one.path)?.any).toBe(bestOf(endpoints, one));
        }
      },
    ),
    { numRuns: 500 },
  );
});

test("thousands of entries and a hostile path cost no more than milliseconds", () => {
  const endpoints = endpointsConfig.parse(
    Array.from({ length: 5_000 }, (_, i) => ({
      method: "GET",
      route: `/{a}-{b}/${"x".repeat(i % 50)}{c}/{d}/${i}`,
      class: "other",
    })),
  );
  const index = createEndpointIndex(endpoints);
  const path = `/${"-".repeat(2_000)}/${"x".repeat(2_000)}/${"/".repeat(2_000)}a`;
  for (let i = 0; i < 200; i++) index.match("GET", path);
  expect(index.match("GET", "/p-q/xx1/y/4902")?.any?.route).toBe("/{a}-{b}/xx{c}/{d}/4902");
}, 5_000);

// helpers

/** Looks at every entry, and takes the one that is preferred to all others. */
function bestOf(
  endpoints: readonly EndpointConfig[],
  asked: { readonly path: string; readonly method: string },
): EndpointConfig | undefined {
  const path = asked.path.split("/").filter((segment) => segment !== "");
  const fitting = endpoints.filter(({ route }) => fits(segmentsOf(route), path));
  const preferred = fitting.toSorted((a, b) => compareRoutes(segmentsOf(a.route), segmentsOf(b.route)));
  for (const { route } of preferred) {
    // Of entries with names of other names, but in the same places, the methods are looked at together.
    const same = fitting.filter((one) => compareRoutes(segmentsOf(one.route), segmentsOf(route)) === 0);
    const methods = asked.method === "HEAD" ? ["HEAD", "GET", "ANY"] : [asked.method, "ANY"];
    for (const method of methods) {
      const found = same.find((one) => one.method === method);
      if (found) return found;
    }
  }
  return undefined;
}

function segmentsOf(route: string): string[] {
  return route.split("/").filter((segment) => segment !== "");
}

function fits(route: readonly string[], path: readonly string[]): boolean {
  if (route.at(-1) === "{rest...}") return fits(route.slice(0, -1), path.slice(0, route.length - 1));
  return route.length === path.length && route.every((segment, i) => pattern(segment).test(path[i]!));
}

function pattern(segment: string): RegExp {
  return new RegExp(`^${segment.replaceAll(/[.-]/g, "\\$&").replaceAll(/\{\w+\}/g, ".+")}$`);
}

/** Below 0 when `a` is preferred; 0 when both stand for the same paths. */
function compareRoutes(a: readonly string[], b: readonly string[]): number {
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const [one, other] = [rank(a[i]), rank(b[i])];
    for (const part of [0, 1, 2] as const) if (one[part] !== other[part]) return other[part] - one[part];
    if (one[3] !== other[3]) return one[3] < other[3] ? -1 : 1;
  }
  return 0;
}

/** Words, then names by the length of what is before them, then by the rest of the text, then `{rest...}`. */
function rank(segment: string | undefined): [number, number, number, string] {
  if (segment === undefined) return [4, 0, 0, ""];
  if (segment === "{rest...}") return [1, 0, 0, ""];
  if (!segment.includes("{")) return [3, 0, 0, segment];
  const [before = "", ...others] = segment.split(/\{\w+\}/);
  const shape = others.join("/");
  return [2, before.length, shape.length, shape];
}
