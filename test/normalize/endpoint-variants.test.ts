import { describe, expect, test } from "vitest";
import { createEndpointVariants, shownRoute } from "../../src/normalize/endpoint-variants.ts";
import { overrideIn, queryValues } from "../../src/normalize/query-value.ts";

describe("one of several endpoints on a route", () => {
  const variants = createEndpointVariants([
    { query: { "wc-ajax": "checkout" }, endpoint: "checkout" },
    { query: { "wc-ajax": "apply_coupon" }, endpoint: "coupon" },
    { query: { "wc-ajax": "apply_coupon", kind: "gift card" }, endpoint: "gift card" },
    { query: { "wc-ajax": "checkout" }, endpoint: "checkout, listed again" },
    { query: { empty: "" }, endpoint: "empty" },
    { operation: "Login", endpoint: "login" },
    { operation: "Login", query: { shop: "b2b" }, endpoint: "login of companies" },
  ]);
  test.for([
    ["by a value", "/?wc-ajax=checkout", "checkout"],
    ["by another value", "/?x=1&wc-ajax=apply_coupon", "coupon"],
    ["by two values, in any order", "/?kind=gift+card&wc-ajax=apply_coupon", "gift card"],
    ["percent-encoded", "/?wc%2Dajax=%63heckout", "checkout"],
    ["by the first value", "/?wc-ajax=checkout&wc-ajax=apply_coupon", "checkout"],
    ["by the first value, be it another", "/?wc-ajax=x&wc-ajax=checkout", undefined],
    ["another value", "/?wc-ajax=checkouts", undefined],
    ["other letters", "/?wc-ajax=Checkout", undefined],
    ["a name without a value", "/?empty", "empty"],
    ["no query", "/", undefined],
    ["a fragment is no query", "/#?wc-ajax=checkout", undefined],
    ["no more than the fragment", "/?wc-ajax=checkout#x", "checkout"],
    ["broken percent-encoding", "/?wc-ajax=%zz", undefined],
    ["too far behind", `/?${"a=1&".repeat(64)}wc-ajax=checkout`, undefined],
    ["behind a long value", `/?a=${"x".repeat(5000)}&wc-ajax=checkout`, undefined],
    ["by the operation in the query", "/?operationName=Login&query=%7Bx%7D", "login"],
  ] as const)("%s", ([, target, endpoint]) => {
    expect(variants.choose(target, undefined)).toBe(endpoint);
  });

  test.for([
    ["what the log says comes before the query", "/?operationName=Other", "Login", "login"],
    ["together with a value", "/?shop=b2b", "Login", "login of companies"],
    ["a value that no operation is beside", "/?shop=b2b", undefined, undefined],
    ["another operation", "/", "Logout", undefined],
  ] as const)("the operation: %s", ([, target, operation, endpoint]) => {
    expect(variants.choose(target, operation)).toBe(endpoint);
  });
});

test.for([
  [{ route: "/graphql" }, "/graphql"],
  [{ route: "/graphql", operation: "Login" }, "/graphql#Login"],
  [{ route: "/", query: { "wc-ajax": "checkout", v: "2" } }, "/?wc-ajax=checkout&v=2"],
  [{ route: "/g", query: { v: "2" }, operation: "Pay" }, "/g?v=2#Pay"],
] as const)("%o is shown as %s", ([endpoint, shown]) => {
  expect(shownRoute({ operation: undefined, query: undefined, ...endpoint })).toBe(shown);
});

test("a query's values are cut at its bounds", () => {
  const values = queryValues(`/?a=${"x".repeat(10_000)}`, new Set(["a"]));
  expect(values?.get("a")?.length).toBeLessThan(4_096);
});

test.for([
  ["/items/1?_method=DELETE", "DELETE"],
  ["/items/1?a=b&_method=put", "put"],
  ["/items/1?not_method=PUT", undefined],
  ["/items/1?_method=", undefined],
  ["/items/1?_method=a%20b", undefined],
  ["/items/_method=PUT", undefined],
  ["/items/1?%5Fmethod=%50UT", "PUT"],
  ["/items/1", undefined],
] as const)("the override of a POST to %s is %s", ([target, method]) => {
  expect(overrideIn("POST", target)).toBe(method);
});

test("only a POST is overridden", () => {
  expect(overrideIn("GET", "/items/1?_method=DELETE")).toBeUndefined();
});
