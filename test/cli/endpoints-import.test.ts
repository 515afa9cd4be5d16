import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import * as fc from "fast-check";
import { describe, expect, onTestFinished, test } from "vitest";
import { parse } from "yaml";
import { runCli } from "../../src/cli/cli.ts";
import { isSensitiveName } from "../../src/cli/sensitive-names.ts";
import { endpointsConfig } from "../../src/normalize/endpoint-config.ts";
import { testCliContext } from "../support/cli-context.ts";
import { tempDirectory } from "../support/temp-directory.ts";

const shop = new URL("../golden/openapi/shop.yaml", import.meta.url);

describe("a shop's document", () => {
  test("gives its inventory", async () => {
    const { stdout, stderr, code } = await importing(readFileSync(shop, "utf8"));
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    await expect(stdout).toMatchFileSnapshot("../golden/openapi/shop.endpoints.yaml");
  });

  test("as JSON, and from standard input, gives the same", async () => {
    const yaml = await importing(readFileSync(shop, "utf8"));
    const json = JSON.stringify(parse(readFileSync(shop, "utf8")));
    expect(await importing(json)).toEqual(yaml);
    expect(await importing(json, { stdin: true })).toEqual(yaml);
  });

  test("has what the gateway sees in front of its paths", async () => {
    const { endpoints } = await imported(readFileSync(shop, "utf8"), ["--base-path", "/shop/"]);
    expect(endpoints.every(({ route }) => route.startsWith("/shop/"))).toBe(true);
    const { endpoints: bare } = await imported(readFileSync(shop, "utf8"), ["--base-path", "/"]);
    expect(bare[0]?.route).toBe("/products");
  });
});

describe("paths", () => {
  test.for([
    ["a name", "/a/{id}", { route: "/a/{id}" }],
    ["a name with odd letters", "/a/{order id}/{user-id}", { route: "/a/{order_id}/{user_id}" }],
    ["text around a name", "/v{version}/{id}.json", { route: "/v{version}/{id}.json" }],
    ["a method behind a name", "/a/{id}:cancel", { route: "/a/{id}:cancel" }],
    ["names side by side", "/a/{b}{c}", { route: "/a/{b}" }],
    ["the rest, as AWS has it", "/a/{proxy+}", { route: "/a/{proxy...}" }],
    ["a slash at the end", "/a/", { route: "/a" }],
    ["the root", "/", { route: "/" }],
    ["a query", "/?wc-ajax=apply_coupon", { route: "/", query: { "wc-ajax": "apply_coupon" }, class: "promo" }],
    ["a fragment", "/a#second-version", { route: "/a" }],
  ] as const)("%s", async ([, path, expected]) => {
    const { endpoints } = await imported(documentOf({ [path]: { post: {} } }));
    expect(endpoints).toMatchObject([expected]);
  });

  test.for([
    ["no servers", undefined, ["/a"]],
    ["an address without a path", [{ url: "https://shop.example" }], ["/a"]],
    ["a path alone", [{ url: "/v1" }], ["/v1/a"]],
    ["several with the same path", [{ url: "https://a.example/v1" }, { url: "https://b.example/v1/" }], ["/v1/a"]],
    ["several with others", [{ url: "http://localhost:3000" }, { url: "https://b.example/v1" }], ["/a", "/v1/a"]],
    ["a variable", [{ url: "/{v}", variables: { v: { default: "v3" } } }], ["/v3/a"]],
    ["a variable that nothing tells of", [{ url: "https://shop.example/{tenant}" }], ["/{tenant}/a"]],
    ["nothing that can be read", [{ url: "http://[" }, {}], ["/a"]],
  ] as const)("servers: %s", async ([, servers, routes]) => {
    const { endpoints } = await imported(documentOf({ "/a": { get: {} } }, servers && { servers }));
    expect(endpoints.map(({ route }) => route)).toEqual(routes);
  });

  test("what can't be written is left out, and named", async () => {
    const { endpoints, stderr } = await imported(
      documentOf({ "/a/{b": { get: {} }, "/c d": { get: {} }, "/e": { get: {} } }),
    );
    expect(endpoints.map(({ route }) => route)).toEqual(["/e"]);
    expect(stderr).toContain("GET /a/{b is left out: `{b` has a brace too many or too few");
    expect(stderr).toContain("GET /c d is left out");
  });

  test("the same place is listed once, whatever its names are called", async () => {
    const { endpoints } = await imported(documentOf({ "/a/{b}": { get: {} }, "/a/{c}": { get: {}, post: {} } }));
    expect(endpoints.map(({ method, route }) => `${String(method)} ${route}`)).toEqual(["GET /a/{b}", "POST /a/{c}"]);
  });
});

describe("what an operation says", () => {
  const schemes = { components: { securitySchemes: { session: {} } } };
  test.for([
    ["nothing, in a document that says nothing of users", {}, {}, "optional"],
    ["nothing, beside schemes that others use", {}, schemes, "none"],
    ["the document's security", {}, { ...schemes, security: [{ session: [] }] }, "required"],
    ["its own before the document's", { security: [] }, { ...schemes, security: [{ session: [] }] }, "none"],
    ["one alternative free", { security: [{ session: [] }, {}] }, schemes, "optional"],
    ["nothing but a free one", { security: [{}] }, schemes, "none"],
    ["several", { security: [{ session: [] }, { key: [] }] }, schemes, "required"],
  ] as const)("security: %s", async ([, operation, root, authentication]) => {
    const { endpoints } = await imported(documentOf({ "/a": { get: operation } }, root));
    expect(endpoints[0]?.authentication).toBe(authentication);
  });

  test.for([
    [
      "its own word",
      "/a",
      { "x-gatewatch-class": "loyalty", operationId: "login" },
      "loyalty",
      "from x-gatewatch-class",
    ],
    ["the path", "/orders", { operationId: "login" }, "order", 'guessed from "orders"'],
    ["its name", "/a", { operationId: "shop_redeemCoupon" }, "promo", 'guessed from "coupon" in the operation\'s name'],
    ["its tags", "/a", { tags: ["Sign-in"] }, "login", 'guessed from "sign-in" in its tags'],
    ["nothing", "/a", {}, "other", "nothing tells what it is for"],
    [
      "a class that there is not",
      "/login",
      { "x-gatewatch-class": "x" },
      "login",
      "its x-gatewatch-class is none that there is",
    ],
  ] as const)("class, by %s", async ([, path, operation, endpointClass, comment]) => {
    const { endpoints, stdout } = await imported(documentOf({ [path]: { post: operation } }));
    expect(endpoints[0]?.class).toBe(endpointClass);
    expect(stdout).toContain(comment);
  });

  test("a schema that refers to itself ends, and so does one that never does", async () => {
    const properties = Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`p${i}`, { $ref: "#/s", x: i }]));
    const document = documentOf(
      { "/a": { post: { requestBody: { content: { x: { schema: { $ref: "#/s" } } } } } } },
      { s: { properties: { ...properties, price: {} } } },
    );
    const { endpoints } = await imported(document);
    expect(endpoints[0]?.sensitive).toEqual(["price"]);
  });

  test("references in a circle lead nowhere", async () => {
    const document = documentOf(
      { "/a": { post: { requestBody: { $ref: "#/a" }, parameters: [{ $ref: "#/a" }, null, 3] } } },
      { a: { $ref: "#/b" }, b: { $ref: "#/a" } },
    );
    expect((await imported(document)).endpoints).toHaveLength(1);
  });

  test("references out of the document are not followed, and named", async () => {
    const { stderr, endpoints } = await imported(
      documentOf({ "/a": { post: { requestBody: { $ref: "https://other.example/body.yaml#/x" } } } }),
    );
    expect(endpoints).toHaveLength(1);
    expect(stderr).toContain("Not followed, so that parameters may be missing: https://other.example/body.yaml#/x.");
  });
});

describe("what is no such document is explained", () => {
  test.for([
    ["nothing", "", ["expected a map with `openapi`, `info` and `paths`"]],
    ["a list", "[1]", ["expected a map with `openapi`"]],
    ["broken YAML", "openapi: [", ["line 1"]],
    ["broken JSON", '{"openapi": "3.1.0", "paths": {', ["line"]],
    [
      "Swagger 2.0",
      'swagger: "2.0"\npaths: {}',
      ["swagger: this is Swagger 2.0; expected OpenAPI 3: convert it first"],
    ],
    ["AsyncAPI", "asyncapi: 3.0.0", ["this is AsyncAPI"]],
    ["something else", "kind: Pod", ["openapi: is missing"]],
    ["a version to come", "openapi: 4.0.0\npaths: {}", ["openapi: is 4.0.0; expected version 3.0 or later"]],
    [
      "no paths",
      "openapi: 3.1.0",
      ["paths: is missing; expected a map of paths", "for example  paths: { /login: { post: {} } }"],
    ],
    [
      "paths that are none",
      "openapi: 3.0.3\npaths: { login: {}, /a: 3 }",
      ["paths.login: expected a path that begins with /", 'paths["/a"]: expected a map of methods'],
    ],
    [
      "paths in other files",
      "openapi: 3.0.3\npaths: { /a: { $ref: ./a.yaml } }",
      ["refers to ./a.yaml, outside this file", "bundle"],
    ],
    [
      "a path that is nowhere",
      'openapi: 3.0.3\npaths: { /a: { $ref: "#/x/y" } }',
      ["refers to #/x/y, which is not in the document"],
    ],
  ] as const)("%s", async ([, text, messages]) => {
    const { code, stdout, stderr } = await importing(text);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    for (const message of ["OPENAPI_INVALID", ...messages])
      expect(stderr.replaceAll(/\n {4}/g, ": ")).toContain(message);
  });

  test("whatever a document holds, what is printed is an inventory", async () => {
    const keys = [
      "$ref",
      "parameters",
      "requestBody",
      "content",
      "schema",
      "properties",
      "items",
      "security",
      "servers",
    ];
    const refs = fc.constantFrom("#/paths/~1a", "#/x", "#", "other.yaml", "#/paths/~1a/get");
    const { part } = fc.letrec((tie) => ({
      part: fc.oneof(
        { depthSize: "small", withCrossShrink: true },
        fc.jsonValue(),
        refs,
        fc.dictionary(fc.constantFrom(...keys, "url", "tags", "x-owner", "name", "in", "p{"), tie("part")),
        fc.array(tie("part"), { maxLength: 4 }),
      ),
    }));
    const document = fc.record({
      paths: fc.dictionary(
        fc.constantFrom("/a", "/b/{c}", "/d?e=f&=g", "/{g", "/h i"),
        fc.dictionary(fc.constantFrom("get", "post", "parameters", "servers", "$ref"), part),
      ),
      more: fc.dictionary(fc.constantFrom("x", "security", "servers", "components", "info", "x-owner"), part),
    });
    await fc.assert(
      fc.asyncProperty(document, async ({ paths, more }) => {
        const { code, stdout, stderr } = await run(["endpoints", "import", "-"], documentOf(paths, more));
        const { endpoints } = (code === 0 ? parse(stdout) : { endpoints: [] }) as { endpoints: unknown };
        const explained = code === 0 || (code === 2 && stderr.includes("OPENAPI_INVALID"));
        expect({ stdout, stderr, explained }).toMatchObject({ explained: true });
        endpointsConfig.parse(endpoints);
      }),
      { numRuns: 60 },
    );
  });

  test("a file that is not there, and an address", async () => {
    expect((await run(["endpoints", "import", "/nowhere.yaml"])).stderr).toContain("can't be read (ENOENT)");
    expect((await run(["endpoints", "import", "https://shop.example/openapi.json"])).stderr).toContain(
      "nothing is fetched",
    );
  });

  test("a base that is no path", async () => {
    const { code, stderr } = await importing(documentOf({}), { args: ["--base-path", "api"] });
    expect(code).toBe(1);
    expect(stderr).toContain("--base-path api is no path");
  });

  test("a document without operations is an empty inventory, and says so", async () => {
    const { endpoints, stderr } = await imported(documentOf({ "x-more": 1, "/a": { summary: "nothing" } }));
    expect(endpoints).toEqual([]);
    expect(stderr).toContain("There is no operation under any of its paths.");
  });
});

test.for([
  ["price", true],
  ["unitPrice", true],
  ["unit_price", true],
  ["items[].quantity", true],
  ["totalAmount", true],
  ["couponCode", true],
  ["code", true],
  ["cardCVV", true],
  ["isAdmin", true],
  ["loyaltyPoints", true],
  ["countryCode", false],
  ["postal-code", false],
  ["errorCode", false],
  ["discard", false],
  ["email", false],
  ["pricey", false],
] as const)("the name %s is sensitive: %s", ([name, sensitive]) => {
  expect(isSensitiveName(name)).toBe(sensitive);
});

// helpers

function documentOf(paths: object, more: object = {}): string {
  return JSON.stringify({ openapi: "3.1.0", info: { title: "T", version: "1" }, paths, ...more });
}

async function run(args: readonly string[], stdin = "") {
  const { context, printed } = testCliContext({ stdin: () => Readable.from([Buffer.from(stdin)]) });
  const code = await runCli(args, context);
  return { code, ...printed };
}

async function importing(text: string, options: { stdin?: boolean; args?: readonly string[] } = {}) {
  const { stdin = false, args = [] } = options;
  if (stdin) return run(["endpoints", "import", "-", ...args], text);
  const directory = tempDirectory();
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const file = join(directory, "openapi.yaml");
  writeFileSync(file, text);
  return run(["endpoints", "import", file, ...args]);
}

/** The inventory, as the configuration reads it. */
async function imported(text: string, args: readonly string[] = []) {
  const printed = await importing(text, { args });
  expect(printed).toMatchObject({ code: 0 });
  const { endpoints } = parse(printed.stdout) as { endpoints: unknown };
  return { ...printed, endpoints: endpointsConfig.parse(endpoints) };
}
