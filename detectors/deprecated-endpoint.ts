import { z } from "zod";
import { count, defineDetector, distinct, isServed, type Predicate } from "../src/detect/define-detector.ts";

const isDeprecated: Predicate = (e) => e.deprecated === true && isServed(e);

export default defineDetector({
  id: "deprecated-endpoint",
  title: "A deprecated endpoint is still used",
  description:
    "Counts 2xx answers of endpoints that the inventory calls deprecated, and who gets them: whom to write to before it goes. It needs an inventory that says so.",
  owasp: ["API9:2023"],
  severity: "low",
  needs: { required: ["deprecated"], better: ["clientIp", "apiKey"] },
  where: { origin: ["gateway"] },
  key: ["route"],
  window: "1h",
  quiet: "1d",
  params: z.strictObject({
    requests: z.int().min(1).default(1).meta({ description: "Answers with 2xx in an hour." }),
  }),
  counters: {
    deprecatedRequests: count(isDeprecated),
    deprecatedClients: distinct((e) => e.clientKey, isDeprecated),
    deprecatedKeys: distinct((e) => e.apiKey, isDeprecated),
  },
  evidence: isDeprecated,
  floor: (p) => p.requests,
  fires: ({ deprecatedRequests }, p) => deprecatedRequests >= p.requests,
  summary: ({ deprecatedRequests, deprecatedClients, deprecatedKeys }, key) =>
    `${key["route"]} is deprecated and answered ${deprecatedRequests} ${deprecatedRequests === 1 ? "request" : "requests"} within an hour` +
    [
      deprecatedClients.known && `${deprecatedClients.value} clients`,
      deprecatedKeys.known && `${deprecatedKeys.value} API keys`,
    ]
      .filter((part) => part !== false)
      .map((part) => `, ${part}`)
      .join(""),
  target: () => undefined,
  examples: [
    { name: "an old app still asks", fires: true, events: [call({ deprecated: true, status: 200 })] },
    { name: "it answers 410", fires: false, events: [call({ deprecated: true, status: 410 })] },
    { name: "it leads on to the new one", fires: false, events: [call({ deprecated: true, status: 308 })] },
    { name: "it is not deprecated", fires: false, events: [call({ deprecated: false, status: 200 })] },
  ],
  triage: [
    "Who still uses it: which API keys, which versions of the app?",
    "Does it lack a check that its successor has? Attackers prefer the old one.",
  ],
});

function call({ deprecated, status }: { deprecated: boolean; status: number }) {
  return {
    at: "0s" as const,
    times: 3,
    every: "1m" as const,
    route: "/api/v1/orders",
    method: "GET",
    endpointClass: "order" as const,
    listed: true,
    deprecated,
    status,
    outcome: status === 200 ? ("ok" as const) : ("unknown" as const),
  };
}
