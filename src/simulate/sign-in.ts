import type { Outlet } from "./actor.ts";
import { asks, took, type Flow } from "./flow.ts";
import { mixed } from "./random.ts";
import type { Shop } from "./shop.ts";
import type { Visitor } from "./visitor.ts";

/** How often the password is wrong before it is right: most never, some once or twice, few three times. */
const mistakesOf = (u: number) => (u < 0.86 ? 0 : u < 0.95 ? 1 : u < 0.985 ? 2 : 3);

/** A customer signs in: mistypes, remembers, or asks for a new password. */
export class SignIn implements Flow {
  readonly #shop: Shop;
  readonly #visitor: Visitor;
  readonly #account: string;
  #mistakes: number;
  /** What comes next. */
  #next: "try" | "forgot" | "reset" = "try";
  #retries = 2;

  constructor(shop: Shop, visitor: Visitor, options: { account: string; mistakes?: number }) {
    this.#shop = shop;
    this.#visitor = visitor;
    this.#account = options.account;
    this.#mistakes = options.mistakes ?? mistakesOf(shop.random.fraction());
  }

  step(_now: number, outlet: Outlet): number {
    switch (this.#next) {
      case "try":
        return this.#try(outlet);
      case "forgot":
        this.#next = "reset";
        this.#ask(outlet, "/api/password/forgot", 202);
        this.#tell(outlet, "password_reset.requested");
        return 40_000 + this.#shop.random.wait(60_000);
      default:
        this.#next = "try";
        this.#mistakes = 0;
        this.#ask(outlet, "/api/password/reset", 200);
        this.#tell(outlet, "password_reset.completed");
        return 2_000 + this.#shop.random.wait(3_000);
    }
  }

  #try(outlet: Outlet): number {
    const { random } = this.#shop;
    const isWrong = this.#mistakes > 0;
    const status = this.#ask(outlet, "/api/login", isWrong ? 401 : 200);
    if (status >= 500) return this.#retries-- > 0 ? 1_500 + random.wait(3_000) : 0;
    if (isWrong) {
      this.#tell(outlet, "login.failed");
      this.#mistakes--;
      // Who was wrong three times has often forgotten it.
      if (this.#mistakes === 0 && random.chance(0.3)) this.#next = "forgot";
      return 3_000 + random.wait(6_000);
    }
    signedIn(this.#shop, this.#visitor, this.#account);
    this.#tell(outlet, "login.succeeded");
    return 0;
  }

  #ask(outlet: Outlet, path: string, status: number): number {
    const { exchange } = outlet;
    exchange.begin(this.#visitor, asks("POST", path, status, took(this.#shop.random, 60, 400)));
    exchange.userId = this.#account;
    exchange.outcome = status < 400 ? "ok" : "failed";
    if (status === 401) exchange.attributes = badPassword;
    outlet.request();
    return exchange.status;
  }

  #tell(outlet: Outlet, event: string): void {
    const attributes = event === "login.failed" ? badPassword : undefined;
    outlet.tell({ event, visitor: this.#visitor, userId: this.#account, attributes });
  }
}

/** From now on the visitor is signed in. */
export function signedIn(shop: Shop, visitor: Visitor, account: string): void {
  visitor.userId = account;
  visitor.sessionId = `s-${mixed(shop.numbers.session++, 0x5e55).toString(16)}`;
  visitor.role = "customer";
}

// helpers

const badPassword = { reason: "bad_password" } as const;
