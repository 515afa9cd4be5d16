import type { Outlet } from "./actor.ts";
import { asks, took, type Flow } from "./flow.ts";
import { accountName } from "./people.ts";
import type { Shop } from "./shop.ts";
import { signedIn } from "./sign-in.ts";
import type { Visitor } from "./visitor.ts";

/** Somebody new makes an account: is the address taken, and then the form, once or twice. */
export class SignUp implements Flow {
  readonly #shop: Shop;
  readonly #visitor: Visitor;
  readonly #account: string;
  #next: "check" | "send" = "check";
  #mistakes: number;

  constructor(shop: Shop, visitor: Visitor) {
    this.#shop = shop;
    this.#visitor = visitor;
    this.#account = accountName(shop.people.count + shop.numbers.account++);
    this.#mistakes = shop.random.chance(0.1) ? 1 : 0;
  }

  step(_now: number, outlet: Outlet): number {
    const { random } = this.#shop;
    const { exchange } = outlet;
    if (this.#next === "check") {
      this.#next = "send";
      exchange.begin(this.#visitor, asks("POST", "/api/signup/check", 200, took(random, 15, 60)));
      exchange.userId = this.#account;
      exchange.outcome = "ok";
      outlet.request();
      return 10_000 + random.wait(20_000);
    }
    const isWrong = this.#mistakes-- > 0;
    exchange.begin(this.#visitor, asks("POST", "/api/signup", isWrong ? 422 : 201, took(random, 90, 400)));
    exchange.userId = this.#account;
    exchange.outcome = isWrong ? "failed" : "ok";
    outlet.request();
    const event = isWrong ? "signup.failed" : "signup.succeeded";
    outlet.tell({ event, visitor: this.#visitor, userId: this.#account });
    if (isWrong) return 4_000 + random.wait(8_000);
    if (exchange.status < 400) signedIn(this.#shop, this.#visitor, this.#account);
    return 0;
  }
}
