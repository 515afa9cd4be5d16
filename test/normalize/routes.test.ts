import { describe, expect, test } from "vitest";
import { createEndpointIndex } from "../../src/normalize/endpoint-index.ts";
import { guessClass } from "../../src/normalize/guess-class.ts";
import { endpointsConfig } from "../../src/normalize/endpoint-config.ts";
import { createRouteLearner } from "../../src/normalize/route-learner.ts";
import { createRouteTable } from "../../src/normalize/route-table.ts";

const inventory = endpointsConfig.parse([
  { method: "POST", route: "/api/login", class: "login", owner: "identity" },
  { method: ["GET", "HEAD"], route: "/api/orders/{id}", class: "order" },
  { method: "GET", route: "/api/orders/latest", class: "account" },
  { method: "GET", route: "/api/orders/{id}/items/{item}", class: "order" },
  { method: "ANY", route: "/static/{rest...}", class: "catalog" },
  { method: "POST", route: "/graphql", class: "other" },
  { method: "POST", route: "/graphql", operation: "Login", class: "login" },
  { method: "POST", route: "/only-operations", operation: "Pay", class: "payment" },
]);

describe("the inventory", () => {
  const index = createEndpointIndex(inventory);
  test.for([
    ["a word", "POST", "/api/login", "/api/login"],
    ["a slash too many", "POST", "/api//login/", "/api/login"],
    ["a name", "GET", "/api/orders/17", "/api/orders/{id}"],
    ["another method of the same entry", "HEAD", "/api/orders/17", "/api/orders/{id}"],
    ["a word wins over a name", "GET", "/api/orders/latest", "/api/orders/latest"],
    ["a name where the word leads nowhere", "GET", "/api/orders/latest/items/1", "/api/orders/{id}/items/{item}"],
    ["the rest", "DELETE", "/static/a/b/c.js", "/static/{rest...}"],
    ["the rest may be nothing", "GET", "/static", "/static/{rest...}"],
    ["another method", "GET", "/api/login", undefined],
    ["deeper than listed", "POST", "/api/login/x", undefined],
    ["capitals", "POST", "/API/login", undefined],
  ] as const)("%s", ([, method, path, route]) => {
    expect(index.match(method, path)?.any?.route).toBe(route);
  });
});

describe("paths that the inventory lacks", () => {
  const learner = createRouteLearner(1000);
  test.for([
    ["words", "/api/v2/oauth2/token", "/api/v2/oauth2/token"],
    ["a number", "/api/items/17", "/api/items/{id}"],
    ["a UUID", "/api/items/6a1f0f5e-5f3d-4a38-9f0c-2f2b8c0f7a11", "/api/items/{uuid}"],
    ["a hash", "/img/0af7651916cd43dd", "/img/{hash}"],
    ["a date", "/reports/2026-08-22", "/reports/{date}"],
    ["a date without dashes", "/reports/20260822", "/reports/{date}"],
    ["an order's number", "/orders/ORD-2026-99812", "/orders/{id}"],
    ["what was cut", "/users/{email}", "/users/{email}"],
    ["braces of the client's own", "/users/{x}", "/users/{var}"],
    ["nothing", "/", "/"],
    ["too deep", `${"/a".repeat(12)}/b/c`, `${"/a".repeat(12)}/{rest...}`],
  ] as const)("%s", ([, path, route]) => {
    expect(learner.routeOf(path, true)).toBe(route);
  });

  test("a place with too many words holds values", () => {
    const learner = createRouteLearner(1000);
    const routes = new Set<string>();
    const names = Array.from({ length: 300 }, (_, i) =>
      String(i).replaceAll(/\d/g, (digit) => "abcdefghij".charAt(Number(digit))),
    );
    for (const name of names) routes.add(learner.routeOf(`/p/${name}/reviews`, true));
    expect(routes.size).toBe(101);
    expect(learner.routeOf("/p/something-new/reviews", true)).toBe("/p/{var}/reviews");
  });

  test("what was never there teaches no words", () => {
    const learner = createRouteLearner(1000);
    for (let i = 0; i < 500; i++) expect(learner.routeOf(`/nonsense-${"x".repeat(i % 20)}`, false)).toBe("/{unknown}");
    expect(learner.routeOf("/about", true)).toBe("/about");
    expect(learner.routeOf("/about", false)).toBe("/about");
  });

  test("there are never more routes than the bound", () => {
    const learner = createRouteLearner(50);
    const routes = new Set(
      Array.from({ length: 5000 }, (_, i) => learner.routeOf(`/${"ab"[i % 2]}/${"x".repeat(i % 60)}/y`, true)),
    );
    expect(routes.size).toBeLessThanOrEqual(51);
    expect(routes).toContain("/{other}");
  });
});

test.for([
  ["/api/login", "login"],
  ["/oauth/token", "login"],
  ["/account/sign-in", "login"],
  ["/signup", "signup"],
  ["/password/reset", "password_reset"],
  ["/forgot-password", "password_reset"],
  ["/checkout/payments", "payment"],
  ["/checkout", "checkout"],
  ["/cart/coupon", "promo"],
  ["/basket", "cart"],
  ["/api/orders/{id}", "order"],
  ["/api/products/{id}", "catalog"],
  ["/search", "search"],
  ["/admin/users", "admin"],
  ["/actuator/health", "debug"],
  ["/webhooks/psp", "webhook"],
  ["/blog/how-to-login-safely", "other"],
] as const)("%s is guessed to be %s", ([route, endpointClass]) => {
  expect(guessClass(route)).toBe(endpointClass);
});

describe("the table of routes", () => {
  test("tells listed endpoints from guessed ones, and counts them", () => {
    const table = createRouteTable(inventory);
    for (let i = 0; i < 3; i++) table.lookUp("POST", "/api/login?next=/", 401).endpoint.events++;
    table.lookUp("GET", "/api/cart", 200).endpoint.events++;
    expect(table.seen()).toEqual([
      { method: "POST", route: "/api/login", endpointClass: "login", guessed: false, events: 3 },
      { method: "GET", route: "/api/cart", endpointClass: "cart", guessed: true, events: 1 },
    ]);
  });

  test("an operation has its own endpoint", () => {
    const table = createRouteTable(inventory);
    const routed = table.lookUp("POST", "/graphql", 200);
    expect(routed.endpoint.endpointClass).toBe("other");
    expect(routed.operations?.get("Login")?.endpointClass).toBe("login");
    expect(table.lookUp("POST", "/only-operations", 200).endpoint.guessed).toBe(true);
  });

  test("a path that was not there is learned once it is", () => {
    const table = createRouteTable([]);
    expect(table.lookUp("GET", "/new/page", 404).endpoint.route).toBe("/{unknown}");
    expect(table.lookUp("GET", "/new/page", 200).endpoint.route).toBe("/new/page");
    expect(table.lookUp("GET", "/new/page", 404).endpoint.route).toBe("/new/page");
  });

  test("methods that a client invents fill nothing", () => {
    const table = createRouteTable([]);
    for (let i = 0; i < 1000; i++) table.lookUp(`M${i}`, "/", 200);
    expect(table.size()).toBe(1);
  });
});
