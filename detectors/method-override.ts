import { z } from "zod";
import { count, defineDetector, distinct, type Predicate } from "../src/detect/define-detector.ts";

const standard: ReadonlySet<string> = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);
const reading: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"]);

/** Another method is asked for than the one that was sent. */
const isTunnelled: Predicate = ({ method, methodOverride }) =>
  methodOverride !== undefined && methodOverride.toUpperCase() !== method;

/** What no framework does: reading that turns into writing, or a method that doesn't exist. */
const isOdd: Predicate = (e) => {
  if (!isTunnelled(e)) return false;
  const wanted = e.methodOverride!.toUpperCase();
  return !standard.has(wanted) || (reading.has(e.method) && !reading.has(wanted));
};

const isRefused: Predicate = (e) => isTunnelled(e) && e.status >= 400 && e.status < 500 && e.outcome !== "limited";

export default defineDetector({
  id: "method-override",
  title: "A method is hidden in another",
  description:
    "Counts requests that ask, by `X-HTTP-Method-Override` or `_method`, for another method than the one they are sent with: a way round rules that know only the sent one. Forms of some frameworks send a POST that means PUT, PATCH or DELETE; that fires only where one client does it in many places, or is refused again and again. A GET that means DELETE fires at once. It is blind until the log has such a request: it lacks the header, or nobody ever sent one.",
  owasp: ["API5:2023", "API8:2023"],
  severity: "medium",
  needs: { required: ["clientIp", "methodOverride"], better: [] },
  where: {},
  key: ["clientIp"],
  window: "10m",
  // This project's own. A page's forms are few; whoever looks for a hole tries it everywhere.
  params: z.strictObject({
    odd: z.int().min(1).default(3).meta({ description: "Requests in ten minutes that no framework sends." }),
    routes: z.int().min(2).default(6).meta({ description: "Routes on which one client hides methods." }),
    refused: z.int().min(1).default(10).meta({ description: "Such requests that were refused with 4xx." }),
  }),
  counters: {
    odd: count(isOdd),
    tunnelled: count(isTunnelled),
    refused: count(isRefused),
    routes: distinct((e) => e.route, isTunnelled),
    done: count((e) => isOdd(e) && e.status >= 200 && e.status < 300),
  },
  evidence: isTunnelled,
  floor: (p) => Math.min(p.odd, p.routes, p.refused),
  fires: ({ odd, routes, refused, tunnelled }, p) =>
    odd >= p.odd || routes.value >= p.routes || (refused >= p.refused && refused >= tunnelled / 2),
  strength: ({ odd, routes, refused }, p) => Math.max(odd / p.odd, routes.value / p.routes, refused / p.refused),
  signal: "methods",
  severityOf: ({ done }) => (done > 0 ? "high" : "medium"),
  summary: ({ odd, tunnelled, refused, routes, done }, key) =>
    `${key["clientIp"]} hid another method in ${tunnelled} requests on ${routes.value} ${routes.value === 1 ? "route" : "routes"} within 10 minutes` +
    (odd > 0 ? `, ${odd} of them as no framework does (${done} answered 2xx)` : `, ${refused} were refused`),
  target: ({ key }) => ({ scope: "ip", value: key["clientIp"]! }),
  examples: [
    {
      name: "GET that means DELETE",
      fires: true,
      events: [
        {
          at: "0s",
          times: 3,
          every: "2s",
          method: "GET",
          methodOverride: "DELETE",
          route: "/api/users/{id}",
          status: 403,
        },
      ],
    },
    {
      name: "POST that means PUT, everywhere",
      fires: true,
      events: ["orders", "users", "prices", "stock", "coupons", "reviews", "carts"].map((place, i) => ({
        at: `${i}s` as const,
        methodOverride: "PUT",
        route: `/api/${place}/{id}`,
        status: 200,
      })),
    },
    {
      name: "POST that means DELETE, refused again and again",
      fires: true,
      events: [{ at: "0s", times: 15, every: "5s", methodOverride: "DELETE", route: "/api/users/{id}", status: 405 }],
    },
    {
      name: "forms of a framework: a customer changes the cart and the address",
      fires: false,
      events: ["/cart/{id}", "/account/address"].map((route, i) => ({
        at: `${i}s` as const,
        times: 25,
        every: "9s" as const,
        methodOverride: i === 0 ? "DELETE" : "PATCH",
        route,
        status: 302,
      })),
    },
    {
      name: "the header repeats the method",
      fires: false,
      events: [{ at: "0s", times: 50, every: "1s", method: "POST", methodOverride: "post" }],
    },
    {
      name: "a long question as POST, on one route",
      fires: false,
      events: [{ at: "0s", times: 80, every: "1s", method: "POST", methodOverride: "GET", route: "/api/search" }],
    },
  ],
  triage: [
    "Was any of it answered with 2xx? Then see what changed: the application did what was hidden.",
    "Does your framework read the header or `_method` at all? Turn it off where no form needs it.",
    "Is it a tool of your own, or a partner behind a proxy that lets only GET and POST through?",
  ],
});
