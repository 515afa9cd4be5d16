import { z } from "zod";
import type { AccessEvent } from "../src/normalize/access-event.ts";
import { defineDetector, distinct, type Predicate } from "../src/detect/define-detector.ts";
import { isDeclaredBot } from "../src/detect/declared-bot.ts";
import { hasSharedKey, peopleBehind } from "../src/detect/strangers.ts";

/** Whoever changes the user agent for each request counts as so many people at most. */
const mostPeople = 5;

/** What scanners look for and shops don't have, or don't give away. */
const bait =
  /\/(?:\.(?:env|git|svn|hg|aws|ssh|htaccess|htpasswd|ds_store|vscode|npmrc)|wp-(?:login|config)|xmlrpc\.php|phpmyadmin|pma\/|phpinfo|adminer|cgi-bin|actuator|server-status|vendor\/phpunit|boaform|hnap1|solr\/|jenkins|manager\/html|owa\/|autodiscover|telescope|_ignition|etc\/passwd|id_rsa|web\.config|config\.(?:php|ya?ml))|\.(?:sql|bak|old|7z|tar|tgz)(?:\.gz)?$/i;

/** Asked for what isn't there or isn't for them. Files that pages load are missing after each release. */
const isRefused: Predicate = ({ status, route }) =>
  (status === 404 || status === 403 || status === 400) && !route.endsWith("{file}");

const isBait: Predicate = (e) => isRefused(e) && bait.test(e.path);

/** Bots that say what they are, and partners' batches, follow old links for years; none ever led to bait. */
const isProbe: Predicate = (e) =>
  isRefused(e) && ((!isDeclaredBot(e.userAgent) && !hasSharedKey(e)) || bait.test(e.path));

/** Each path that the shop doesn't know is a place; one that it knows is one place, whatever the id. */
const placeOf = ({ route, path }: AccessEvent) => (route.endsWith("{unknown}") ? path : route);

const searchBot = "Mozilla/5.0 (compatible; FindBot/2.1; +https://search.example/bot.html)";

export default defineDetector({
  id: "probing",
  title: "A client looks for what isn't there",
  description:
    "Counts, by client, the different places that were answered with 400, 403 or 404, and among them those that only scanners ask for (`/.env`, `/phpmyadmin`). Many ids in one place count once: see object-enumeration and scraping. An address with several user agents is allowed more. Of bots that say what they are, and of what is asked with an API key alone, only those places count. Nobody is named who asked for nothing that only scanners ask for: old links look the same. A scan from very many addresses, or over days, is not seen.",
  owasp: ["API8:2023", "API9:2023"],
  severity: "medium",
  needs: { required: ["clientIp", "status"], better: ["userAgent"] },
  where: { outcome: ["failed", "denied", "unknown"] },
  key: ["clientIp"],
  window: "10m",
  // CrowdSec: more than 10 different paths with 404, 403 or 400, of which one is forgotten every 10 s;
  // for sensitive files more than 4. Over ten minutes, with old links in mind, twice as many.
  params: z.strictObject({
    places: z.int().min(2).default(20).meta({ description: "Different places refused in ten minutes." }),
    bait: z.int().min(1).default(5).meta({ description: "Of those, places that only scanners ask for." }),
  }),
  counters: {
    places: distinct(placeOf, isProbe),
    bait: distinct((e) => e.path, isBait),
    agents: distinct((e) => e.userAgent, isProbe),
  },
  evidence: isProbe,
  floor: (p) => Math.min(p.places, p.bait),
  fires: ({ places, bait, agents }, p) =>
    bait.value >= p.bait || places.value >= p.places * peopleBehind(agents, mostPeople),
  strength: ({ places, bait, agents }, p) =>
    Math.max(bait.value / p.bait, places.value / (p.places * peopleBehind(agents, mostPeople))),
  severityOf: ({ bait }, p) => (bait.value >= p.bait ? "high" : "medium"),
  summary: ({ places, bait }, key) =>
    `${key["clientIp"]} asked for ${places.value} different places that it may not have or that don't exist, within 10 minutes` +
    (bait.value > 0 ? `; ${bait.value} of them only scanners look for` : ""),
  // Links that a relaunch broke are refused to partners and robots by the dozen; nobody links to bait.
  target: ({ key, samples }) =>
    samples.some(({ path }) => bait.test(path)) ? { scope: "ip", value: key["clientIp"]! } : undefined,
  examples: [
    {
      name: "a scanner works through its list",
      fires: true,
      events: ["/.env", "/.git/config", "/wp-login.php", "/phpmyadmin/index.php", "/backup.sql", "/admin.bak"].map(
        (path, i) => ({ at: `${i}s` as const, ...refused(path) }),
      ),
    },
    {
      name: "a list of words, at an easy pace",
      fires: true,
      events: Array.from({ length: 24 }, (_, i) => ({ at: `${i * 20}s` as const, ...refused(`/api/v${i}/internal`) })),
    },
    {
      name: "old links after the shop was rebuilt, from a campus",
      fires: false,
      events: Array.from({ length: 60 }, (_, i) => ({
        at: `${i * 9}s` as const,
        ...refused(`/old-shop/page-${i % 40}`),
        userAgent: `browser ${i % 12}`,
      })),
    },
    {
      name: "a bot that says so, and asks for what no page ever linked to",
      fires: true,
      events: ["/.env", "/.git/config", "/wp-login.php", "/phpmyadmin/index.php", "/backup.sql"].map((path, i) => ({
        at: `${i}s` as const,
        ...refused(path),
        userAgent: searchBot,
      })),
    },
    {
      name: "a search bot follows old links",
      fires: false,
      events: Array.from({ length: 60 }, (_, i) => ({
        at: `${i * 9}s` as const,
        ...refused(`/old-shop/page-${i}`),
        userAgent: searchBot,
      })),
    },
    {
      name: "a partner's batch follows the links of before a relaunch",
      fires: false,
      events: Array.from({ length: 200 }, (_, i) => ({
        at: `${i * 3}s` as const,
        ...refused(`/shop/article-${i}`),
        apiKey: "key-acme",
      })),
    },
    {
      name: "two hundred articles that are sold out",
      fires: false,
      events: Array.from({ length: 200 }, (_, i) => ({
        at: `${i * 2}s` as const,
        ...refused(`/products/${1000 + i}`),
        route: "/products/{id}",
        endpointClass: "catalog" as const,
      })),
    },
    {
      name: "a release left files out that pages load",
      fires: false,
      events: Array.from({ length: 80 }, (_, i) => ({
        at: `${i}s` as const,
        ...refused(`/assets/chunk-${i}.js`),
        route: "/assets/{file}",
      })),
    },
    {
      name: "a monitor with a wrong path",
      fires: false,
      events: [{ at: "0s", times: 60, every: "10s", ...refused("/health") }],
    },
  ],
  triage: [
    "Did any of it answer 200? A dump or a configuration that was found is the real incident.",
    "Is it your own scanner, or one that you ordered? Allow-list its addresses for that time.",
    "Is it a search bot with links of a former shop? Check its address, not its name.",
  ],
});

function refused(path: string) {
  return {
    method: "GET",
    path,
    route: "/{unknown}",
    endpointClass: "other",
    status: 404,
    outcome: "unknown",
  } as const;
}
