import type { Visitor } from "./visitor.ts";

/** What the shop's application says of an attempt; `docs/shop-events.md` has the names. */
export interface ShopEvent {
  readonly event: string;
  readonly visitor: Visitor;
  /** The account, or the login that was tried; the visitor's unless given. */
  readonly userId?: string | undefined;
  readonly attributes?: ShopAttributes | undefined;
}

/** Attributes of a request or a shop event: promo code, decline class, quantity. Their texts need no escaping in JSON. */
export type ShopAttributes = Readonly<Record<string, string | number>>;
