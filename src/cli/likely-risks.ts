import type { EndpointClass } from "../normalize/access-event.ts";

/** What is known of an endpoint, for the OWASP API risks (2023) that it is surely prone to. */
export interface RiskFacts {
  readonly endpointClass: EndpointClass;
  readonly authentication: "none" | "optional" | "required" | undefined;
  readonly deprecated: boolean;
  readonly path: string;
}

/** Only the risks that follow from what an endpoint is; which others it has, only its owner can tell. */
export function likelyRisks({ endpointClass, authentication, deprecated, path }: RiskFacts): string[] {
  const risks: string[] = [];
  // Somebody's own things, by a number in the path: is it somebody else's?
  if (authentication === "required" && owned.has(endpointClass) && path.includes("{")) risks.push("API1:2023");
  if (endpointClass === "login" || endpointClass === "password_reset") risks.push("API2:2023");
  if (endpointClass === "admin") risks.push("API5:2023");
  if (businessFlows.has(endpointClass)) risks.push("API6:2023");
  if (deprecated) risks.push("API9:2023");
  return risks;
}

// helpers

const owned: ReadonlySet<EndpointClass> = new Set(["order", "account", "cart", "payment"] as const);

const businessFlows: ReadonlySet<EndpointClass> = new Set(["checkout", "promo", "reservation"] as const);
