import type { Exchange } from "./exchange.ts";
import type { ShopEvent } from "./shop-event.ts";

/**
 * Whoever does something in the shop: a customer, a monitor, an attacker. All are the same kind of
 * thing, on one queue.
 */
export interface Actor {
  /**
   * Does what is to be done at `now` (epoch ms) and answers when it acts next, at least 1 ms later;
   * `Infinity`: never again.
   */
  act(now: number, outlet: Outlet): number;
}

/** Where what actors do goes. One object of each kind is used again: fill it, send it, keep none. */
export interface Outlet {
  /** A request whose answer ends now; everything but the time is as `exchange.begin` left it. */
  readonly exchange: Exchange;
  /** Sends `exchange`. */
  request(): void;
  /** Sends what the shop's application says; dropped where the format has no shop events. */
  tell(event: ShopEvent): void;
  /** Another actor from now on, from `time` on. */
  enter(actor: Actor, time: number): void;
}
