import { describe, expect, test } from "vitest";
import { guessClass } from "../../src/normalize/guess-class.ts";
import { endpointsConfig } from "../../src/normalize/endpoint-config.ts";
import { createRouteLearner } from "../../src/normalize/route-learner.ts";
import { createRouteTable, type Endpoint } from "../../src/normalize/route-table.ts";

const inventory = endpointsConfig.parse([
  { method: "POST", route: "/api/login", class: "login", owner: "identity" },
  { method: "GET", route: "/api/orders/{id}", class: "order" },
  { method: "POST", route: "/graphql", class: "other" },
  { method: "POST", route: "/graphql", operation: "Login", class: "login" },
  { method: "POST", route: "/only-operations", operation: "Pay", class: "payment" },
]);

const nothingSaid = { listed: undefined, needsUser: undefined, deprecated: undefined };

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
    ["a month", "/reports/2026-08", "/reports/{date}"],
    ["a time", "/reports/2026-08-22T09:14:07.466Z", "/reports/{date}"],
    ["a number with a decimal point", "/tax/19.5", "/tax/{id}"],
    ["several numbers", "/compare/1,22,3", "/compare/{id}"],
    ["an article's number", "/p/SKU-12-XL", "/p/{id}"],
    ["an article's number without dashes", "/p/AB12", "/p/{id}"],
    ["a short prefix and a number", "/p/p-17", "/p/{id}"],
    ["base64", "/v/dQw4w9WgXcQ", "/v/{id}"],
    ["a longer random name", "/t/V1StGXR8Z5jdHi6BmyT", "/t/{token}"],
    ["a name and a number", "/p/blue-shoes-10442.html", "/p/{id}"],
    ["a title of many words", "/p/the-great-gatsby-hardcover-edition", "/p/{slug}"],
    ["what pages load", "/assets/app.3fa1.JS", "/assets/{file}"],
    ["a picture", "/media/catalog/red-shoes.webp", "/media/catalog/{file}"],
    ["no picture", "/wp-login.php", "/wp-login.php"],
    ["a language", "/de/cart", "/{locale}/cart"],
    ["a language and a country", "/de-de/cart", "/{locale}/cart"],
    ["both with a line", "/en_US/cart", "/{locale}/cart"],
    ["a language further inside is a word", "/api/de/cart", "/api/de/cart"],
    ["two letters that are no language", "/me/orders", "/me/orders"],
    ["a version", "/api/v12/items", "/api/v12/items"],
    ["a version in capitals", "/rest/V1/carts/mine", "/rest/V1/carts/mine"],
    ["a word with a digit", "/api/oauth2/b2b", "/api/oauth2/b2b"],
    ["a name in capitals", "/API/CART", "/API/CART"],
    ["some words", "/forgot-password/step-2", "/forgot-password/step-2"],
    ["a word in both cases", "/getOrderHistoryV2", "/getOrderHistoryV2"],
    ["what was cut", "/users/{email}", "/users/{email}"],
    ["percent-encoding that remains", "/s/%E2%82%AC", "/s/{var}"],
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
      String(i).replaceAll(/\d/g, (digit) => "klmnopqrst".charAt(Number(digit))),
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

  test("nor does a value that was never there", () => {
    const learner = createRouteLearner(4);
    for (const path of ["/1", "/1/2", "/1/2026-08-22", "/2026-08-22/1"]) {
      expect(learner.routeOf(path, false)).toBe("/{unknown}");
    }
    expect(learner.routeOf("/items/1", true)).toBe("/items/{id}");
    expect(learner.routeOf("/items/2", false)).toBe("/items/{id}");
  });

  test("words that are known stay when a place is found to hold values", () => {
    const learner = createRouteLearner(1000);
    const named = (i: number) => `/${String.fromCodePoint(97 + (i % 26), 97 + Math.trunc(i / 26))}-shoes`;
    learner.routeOf("/api/cart", true);
    for (let i = 0; i < 300; i++) learner.routeOf(named(i), true);
    expect(learner.routeOf("/api/cart", true)).toBe("/api/cart");
    expect(learner.routeOf("/api/orders", true)).toBe("/api/orders");
    expect(learner.routeOf(named(299), true)).toBe("/{var}");
    expect(learner.routeOf("/checkout", true)).toBe("/checkout");
  });

  test("what was learned is the same after a restart", () => {
    const learner = createRouteLearner(1000);
    const named = (i: number) => `/p/${"abcdefghij"[i % 10]}${"klmnopqrst"[Math.trunc(i / 10) % 10]}${"uvw"[i % 3]}`;
    for (let i = 0; i < 300; i++) learner.routeOf(named(i), true);
    learner.routeOf("/about/us", true);
    const again = createRouteLearner(1000, structuredClone(learner.learned()));
    const paths = ["/about/us", "/about/them", "/p/new-one", ...Array.from({ length: 300 }, (_, i) => named(i))];
    for (const path of paths) expect([path, again.routeOf(path, false)]).toEqual([path, learner.routeOf(path, false)]);
    expect(again.learned()).toEqual(learner.learned());
  });

  test("no more is restored than the bound", () => {
    const learner = createRouteLearner(100);
    for (const path of ["/a/b", "/c/d", "/e"]) learner.routeOf(path, true);
    const again = createRouteLearner(3, learner.learned());
    expect(["/a/b", "/c", "/c/d", "/f"].map((path) => again.routeOf(path, true))).toEqual([
      "/a/b",
      "/c",
      "/{other}",
      "/{other}",
    ]);
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
  ["POST /api/login", "login"],
  ["POST /oauth/token", "login"],
  ["POST /account/sign-in", "login"],
  ["POST /wp-login.php", "login"],
  ["POST /customer/account/loginPost", "login"],
  ["POST /signup", "signup"],
  ["POST /password/reset", "password_reset"],
  ["POST /forgot-password", "password_reset"],
  ["GET /login", "other"],
  ["HEAD /login", "other"],
  ["GET /password/reset/{token}", "other"],
  ["OPTIONS /api/login", "other"],
  ["POST /checkout/payments", "payment"],
  ["POST /checkout", "checkout"],
  ["POST /checkout/sessions", "checkout"],
  ["POST /auth/session", "login"],
  ["POST /cart/coupon", "promo"],
  ["POST /cart/apply_coupon", "promo"],
  ["POST /basket", "cart"],
  ["GET /api/orders/{id}", "order"],
  ["GET /api/products/{id}", "catalog"],
  ["GET /search", "search"],
  ["GET /admin/users", "admin"],
  ["GET /actuator/health", "debug"],
  ["POST /webhooks/psp", "webhook"],
  ["GET /blog/how-to-login-safely", "other"],
] as const)("%s is guessed to be %s", ([endpoint, endpointClass]) => {
  const [method, route] = endpoint.split(" ") as [string, string];
  expect(guessClass(method, route)).toBe(endpointClass);
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

  test("an operation has its own endpoint, shown with its name", () => {
    const table = createRouteTable(inventory);
    const routed = table.lookUp("POST", "/graphql", 200);
    expect(routed.endpoint).toMatchObject({ route: "/graphql", endpointClass: "other" });
    expect(routed.variants?.choose("/graphql", "Login")).toMatchObject({
      route: "/graphql#Login",
      endpointClass: "login",
    });
    expect(table.lookUp("POST", "/only-operations", 200).endpoint.guessed).toBe(true);
  });

  test("so has a query value, on every path of the route", () => {
    const table = createRouteTable(
      endpointsConfig.parse([
        { method: "ANY", route: "/{language}", query: { "wc-ajax": "checkout" }, class: "checkout" },
      ]),
    );
    for (const path of ["/de", "/fr"]) {
      const routed = table.lookUp("POST", `${path}?wc-ajax=checkout`, 200);
      expect(routed.variants?.choose(`${path}?wc-ajax=checkout`, undefined)).toMatchObject({
        method: "POST",
        route: "/{language}?wc-ajax=checkout",
        endpointClass: "checkout",
      });
      expect(routed.variants?.choose(`${path}?wc-ajax=other`, undefined)).toBeUndefined();
      expect(routed.endpoint).toMatchObject({ route: "/{locale}", guessed: true });
    }
  });

  test("HEAD counts with GET, unless it has an entry of its own", () => {
    const table = createRouteTable(
      endpointsConfig.parse([
        { method: "GET", route: "/a", class: "catalog" },
        { method: ["GET", "HEAD"], route: "/b", class: "catalog" },
      ]),
    );
    const methodOf = (path: string) => table.lookUp("HEAD", path, 200).endpoint.method;
    expect(["/a", "/b", "/not-listed"].map(methodOf)).toEqual(["GET", "HEAD", "GET"]);
    expect(table.lookUp("HEAD", "/a", 200).endpoint).toBe(table.lookUp("GET", "/a", 200).endpoint);
  });

  test("OPTIONS of an endpoint for ANY method is no attempt at it, unless it is listed", () => {
    const table = createRouteTable(
      endpointsConfig.parse([
        { method: "ANY", route: "/login", class: "login", owner: "identity" },
        { method: ["POST", "OPTIONS"], route: "/pay", class: "payment" },
      ]),
    );
    const classOf = (method: string, path: string) => table.lookUp(method, path, 204).endpoint.endpointClass;
    expect([classOf("OPTIONS", "/login"), classOf("POST", "/login")]).toEqual(["other", "login"]);
    expect(classOf("OPTIONS", "/pay")).toBe("payment");
  });

  test("what was learned goes on with another inventory", () => {
    const before = createRouteTable([]);
    before.lookUp("GET", "/about/us", 200);
    const after = createRouteTable(inventory, before.learned());
    expect(after.lookUp("GET", "/about/us", 404).endpoint.route).toBe("/about/us");
  });

  test("a path that was not there is learned once it is", () => {
    const table = createRouteTable([]);
    expect(table.lookUp("GET", "/new/page", 404).endpoint.route).toBe("/{unknown}");
    expect(table.lookUp("GET", "/new/page", 200).endpoint.route).toBe("/new/page");
    expect(table.lookUp("GET", "/new/page", 404).endpoint.route).toBe("/new/page");
  });

  test("what an unknown route is for does not depend on who asked first", () => {
    const table = createRouteTable([]);
    expect(table.lookUp("POST", "/login", 404).endpoint).toMatchObject({ route: "/{unknown}", endpointClass: "other" });
    expect(table.lookUp("POST", "/login", 401).endpoint).toMatchObject({ route: "/login", endpointClass: "login" });
    expect(table.lookUp("POST", "/x", 404).endpoint.endpointClass).toBe("other");
  });

  test("methods that a client invents fill nothing", () => {
    const table = createRouteTable([]);
    for (let i = 0; i < 1000; i++) table.lookUp(`M${i}`, "/", 200);
    expect(table.size()).toBe(1);
  });
});

describe("what the inventory says of a request", () => {
  const listing = endpointsConfig.parse([
    { method: "GET", route: "/api/orders/{id}", class: "order", authentication: "required" },
    { method: "POST", route: "/api/login", class: "login", authentication: "none", deprecated: true },
    { method: "ANY", route: "/api/cart", class: "cart" },
    { method: "ANY", route: "/api/account", class: "account", authentication: "required" },
  ]);
  const table = createRouteTable(listing);
  const said = ({ listed, needsUser, deprecated }: Endpoint) => ({ listed, needsUser, deprecated });

  test.for([
    ["it needs a user", "GET /api/orders/17", { listed: true, needsUser: true, deprecated: false }],
    ["HEAD is GET", "HEAD /api/orders/17", { listed: true, needsUser: true, deprecated: false }],
    ["it needs none, and is to go", "POST /api/login", { listed: true, needsUser: false, deprecated: true }],
    ["that is left open", "PUT /api/cart", { listed: true, needsUser: undefined, deprecated: false }],
    ["a browser asks beforehand", "OPTIONS /api/account", { listed: true, needsUser: undefined, deprecated: false }],
    ["it is not in it", "GET /api/invoices/17", { listed: false, needsUser: undefined, deprecated: undefined }],
    ["another method is", "DELETE /api/orders/17", { listed: false, needsUser: undefined, deprecated: undefined }],
    ["asking beforehand needs no entry", "OPTIONS /api/orders/17", nothingSaid],
  ] as const)("%s", ([, request, expected]) => {
    const [method, path] = request.split(" ") as [string, string];
    expect(said(table.lookUp(method, path, 200).endpoint)).toEqual(expected);
  });

  test("there is no inventory", () => {
    expect(said(createRouteTable([]).lookUp("GET", "/api/orders/17", 200).endpoint)).toEqual(nothingSaid);
  });
});
