import type { EndpointClass } from "./access-event.ts";

/**
 * Words in paths that shops use everywhere, the most telling first: `/account/login` is a login,
 * `/cart/coupon` a promo code, `/checkout/payment` a payment.
 */
const words: readonly (readonly [EndpointClass, RegExp])[] = [
  ["debug", /^(actuator|debug|swagger(-ui)?|openapi|api-docs|phpinfo|server-status|heapdump|graphiql)$/],
  ["admin", /^(admin|administrator|backoffice|wp-admin)$/],
  ["webhook", /^(webhooks?|callbacks?|ipn)$/],
  ["password_reset", /^(password-?resets?|reset-?password|forgot(-?password)?|recover(y|-account)?)$/],
  ["signup", /^(sign-?up|register|registrations?)$/],
  ["login", /^(log-?in|sign-?in|authenticate|oauth2?|token|sessions?)$/],
  ["promo", /^(promos?|promotions?|promo-?codes?|coupons?|vouchers?|discounts?|gift-?cards?)$/],
  ["loyalty", /^(loyalty|points|rewards?)$/],
  ["payment", /^(payments?|pay|charges?|billing|refunds?)$/],
  ["checkout", /^checkouts?$/],
  ["cart", /^(carts?|baskets?|bag)$/],
  ["reservation", /^(reservations?|reserve|holds?|stock)$/],
  ["order", /^orders?$/],
  ["search", /^(search|suggest(ions)?|autocomplete)$/],
  ["account", /^(accounts?|profiles?|me|users?|customers?|address(es)?|wishlists?)$/],
  ["catalog", /^(products?|catalogu?e?|categor(y|ies)|items|brands|prices?|inventory|reviews)$/],
];

/** Guesses what an endpoint that the inventory lacks is for, from the words of its route. */
export function guessClass(route: string): EndpointClass {
  const segments = route.toLowerCase().split("/", 16);
  if (segments.includes("password") && segments.some((segment) => /^(resets?|forgot|recover)$/.test(segment))) {
    return "password_reset";
  }
  for (const [endpointClass, pattern] of words) {
    if (segments.some((segment) => pattern.test(segment))) return endpointClass;
  }
  return "other";
}
