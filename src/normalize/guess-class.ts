import type { EndpointClass } from "./access-event.ts";

/** A class that was guessed, and the word that told it. */
export interface ClassGuess {
  readonly endpointClass: EndpointClass;
  readonly word: string;
}

/**
 * Words in paths that shops use everywhere, the most telling first: `/account/login` is a login,
 * `/cart/coupon` a promo code, `/checkout/payment` a payment, `/checkout/sessions` no login.
 */
const words: readonly (readonly [EndpointClass, RegExp])[] = [
  ["debug", /^(actuator|debug|swagger(-ui)?|openapi|api-docs|phpinfo|server-status|heapdump|graphiql)$/],
  ["admin", /^(admin|administrator|backoffice|wp-admin)$/],
  ["webhook", /^(webhooks?|callbacks?|ipn)$/],
  ["password_reset", /^(password-?resets?|reset-?password|(forgot|lost)(-?password)?|recover(y|-account)?)$/],
  ["signup", /^(sign-?up|register|registrations?|create-?account)$/],
  ["login", /^((wp-)?log-?in(-?post)?|sign-?in|authenticate|oauth2?)$/],
  ["promo", /^(promos?|promotions?|(promo|discount)-?codes?|((apply|remove|redeem|validate)-?)?(coupon|voucher|discount|gift-?card)s?)$/],
  ["loyalty", /^(loyalty|points|rewards?)$/],
  ["payment", /^(payments?|pay|charges?|billing|refunds?)$/],
  ["checkout", /^(checkouts?|place-?order)$/],
  ["cart", /^(carts?|baskets?|bag|add-to-cart)$/],
  ["reservation", /^(reservations?|reserve|holds?|stock)$/],
  ["order", /^orders?$/],
  ["search", /^(search|suggest(ions)?|autocomplete)$/],
  ["login", /^(auth|token|sessions?)$/],
  ["account", /^(accounts?|profiles?|me|users?|customers?|address(es)?|wishlists?)$/],
  ["catalog", /^(products?|catalogu?e?|categor(y|ies)|items|brands|prices?|inventory|reviews)$/],
]; // prettier-ignore

/**
 * Guesses what an endpoint that the inventory lacks is for, from the words of its route. Looking at
 * the page with the login form is no attempt to sign in, and a browser's `OPTIONS` is nothing at all.
 */
export function guessClass(method: string, route: string): EndpointClass {
  return explainGuess(method, route)?.endpointClass ?? "other";
}

/** As `guessClass`, with the word it was guessed from; `undefined`: no word tells. */
export function explainGuess(method: string, route: string): ClassGuess | undefined {
  return guessFromWords(method, route.split("/", 16).map(plainWord));
}

/** Guesses from lower-case words: those of a path, of an operation's name. */
export function guessFromWords(method: string, found: readonly string[]): ClassGuess | undefined {
  if (method === "OPTIONS") return undefined;
  const guess = mostTelling(found);
  const form = (method === "GET" || method === "HEAD") && guess !== undefined && forms.has(guess.endpointClass);
  return form ? undefined : guess;
}

/** True for the words that guesses are made from; there are some two hundred. */
export function isTelling(word: string): boolean {
  return word.length < 24 && mostTelling([word]) !== undefined;
}

// helpers

function mostTelling(found: readonly string[]): ClassGuess | undefined {
  const reset = found.find((word) => /^(resets?|forgot|recover)$/.test(word));
  if (reset !== undefined && found.includes("password")) return { endpointClass: "password_reset", word: reset };
  for (const [endpointClass, pattern] of words) {
    const word = found.find((one) => pattern.test(one));
    if (word !== undefined) return { endpointClass, word };
  }
  return undefined;
}

/** Classes where a `GET` shows a form, and only what is sent with it counts. */
const forms: ReadonlySet<EndpointClass> = new Set(["login", "signup", "password_reset"]);

/** `Apply_Coupon.php` is the word `apply-coupon`. */
function plainWord(segment: string): string {
  return segment
    .toLowerCase()
    .replaceAll("_", "-")
    .replace(/\.(?:php|html?|aspx?|jsp|do|action|json)$/, "");
}
