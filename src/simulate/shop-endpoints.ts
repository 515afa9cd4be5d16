import type { EndpointClass } from "../normalize/access-event.ts";

/** An entry of the simulated shop's inventory, as a configuration's `endpoints` has it. */
export interface SimulatedEndpoint {
  readonly method: string;
  readonly route: string;
  readonly class: EndpointClass;
  readonly authentication?: "none" | "required";
  readonly attempts?: "shop";
  readonly sensitive?: string[];
  readonly deprecated?: true;
}

/**
 * The shop's inventory. With shop events, attempts at what no answer's headers tell of are counted
 * from those: quantities, articles, cards. What the inventory lacks on purpose, an attack asks for.
 */
export function simulatedEndpoints({ shopEvents }: { readonly shopEvents: boolean }): SimulatedEndpoint[] {
  const told = shopEvents ? { attempts: "shop" as const } : {};
  return [
    { method: "POST", route: "/api/login", class: "login", authentication: "none", sensitive: ["password"] },
    { method: "POST", route: "/api/token/refresh", class: "other" },
    { method: "POST", route: "/api/signup", class: "signup", authentication: "none" },
    { method: "POST", route: "/api/signup/check", class: "signup", authentication: "none" },
    { method: "POST", route: "/api/password/forgot", class: "password_reset", authentication: "none" },
    { method: "POST", route: "/api/password/reset", class: "password_reset", authentication: "none" },
    { method: "GET", route: "/api/account", class: "account", authentication: "required" },
    { method: "PUT", route: "/api/account", class: "account", authentication: "required" },
    { method: "GET", route: "/api/orders", class: "order", authentication: "required" },
    { method: "GET", route: "/api/orders/{id}", class: "order", authentication: "required" },
    { method: "GET", route: "/api/products/{id}", class: "catalog" },
    { method: "GET", route: "/api/categories/{name}", class: "catalog" },
    { method: "GET", route: "/api/recommendations", class: "catalog" },
    { method: "GET", route: "/api/banners", class: "other" },
    { method: "GET", route: "/api/home", class: "other" },
    { method: "GET", route: "/api/search", class: "search" },
    { method: "GET", route: "/api/cart", class: "cart" },
    { method: "POST", route: "/api/cart/items", class: "cart", sensitive: ["quantity", "price"], ...told },
    { method: "POST", route: "/api/cart/promo", class: "promo", sensitive: ["code"], ...told },
    { method: "POST", route: "/api/reservations", class: "reservation", ...told },
    { method: "DELETE", route: "/api/reservations/{id}", class: "reservation", ...told },
    { method: "POST", route: "/api/payments", class: "payment", authentication: "required", ...told },
    { method: "POST", route: "/api/checkout", class: "checkout", authentication: "required" },
    { method: "GET", route: "/api/loyalty/balance", class: "loyalty", authentication: "required", ...told },
    { method: "POST", route: "/api/loyalty/redeem", class: "loyalty", authentication: "required", ...told },
    { method: "POST", route: "/api/giftcards/balance", class: "loyalty", sensitive: ["code"], ...told },
    { method: "GET", route: "/api/admin/{rest...}", class: "admin", authentication: "required" },
    { method: "POST", route: "/api/admin/{rest...}", class: "admin", authentication: "required" },
    { method: "GET", route: "/internal/metrics", class: "debug" },
    { method: "POST", route: "/webhooks/psp", class: "webhook" },
    { method: "PUT", route: "/partner/v1/stock/{sku}", class: "other", authentication: "required" },
    { method: "POST", route: "/egress/shipping/quotes", class: "third_party" },
    { method: "GET", route: "/api/v0/orders/{id}", class: "order", authentication: "required", deprecated: true },
    { method: "GET", route: "/healthz", class: "other" },
    { method: "GET", route: "/static/{rest...}", class: "other" },
  ];
}
