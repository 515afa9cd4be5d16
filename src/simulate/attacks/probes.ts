import type { AttackKind } from "../attack.ts";
import { crowdAttack, loneAttack, signedInAttacker } from "../attack-request.ts";
import { laptopBrowsers } from "../user-agents.ts";

const minute = 60_000;
const places = ["backup", "intern", "old", "test", "private", "export", "staging", "files", "report", "tmp"];
const files = [
  "/.env", "/.git/config", "/.aws/credentials", "/wp-login.php", "/phpmyadmin/index.php", "/xmlrpc.php",
  "/.htpasswd", "/config.php", "/server-status", "/vendor/phpunit/phpunit/src/Util/PHP/eval-stdin.php",
  "/backup.sql", "/.svn/entries", "/adminer.php", "/cgi-bin/luci", "/solr/admin/cores", "/.ssh/id_rsa",
]; // prettier-ignore
const adminPages = ["users", "orders", "export", "settings", "keys", "logs", "jobs", "roles"];
const routes = ["/api/account", "/api/orders", "/api/cart", "/api/home", "/api/loyalty/balance", "/api/banners"];

/** Who looks for ways in that should not be there. */
export const probeAttacks: readonly AttackKind[] = [
  {
    id: "probing",
    title: "A scanner looks for forgotten pages",
    detectors: ["probing"],
    counts: "different places refused to one client",
    windowMs: 10 * minute,
    floor: ({ limit }) => limit("places", 20),
    begin: (scene) =>
      loneAttack(scene, scene.shop.strangers.next(scene), (i) => ({
        method: "GET",
        target: `/${places[i % places.length]}-${String.fromCharCode(97 + (Math.floor(i / 10) % 26))}${i}`,
        status: 404,
      })),
  },
  {
    id: "file-probing",
    title: "A scanner looks for forgotten files",
    detectors: ["probing"],
    counts: "files that only scanners look for",
    windowMs: 10 * minute,
    floor: ({ limit }) => limit("bait", 5),
    begin: (scene) =>
      loneAttack(scene, scene.shop.strangers.next(scene), (i) => {
        const round = Math.floor(i / files.length);
        return { method: "GET", target: `${round === 0 ? "" : `/v${round}`}${files[i % files.length]}`, status: 404 };
      }),
  },
  {
    id: "admin-probing",
    title: "Somebody looks for the administration",
    detectors: ["admin-probing"],
    counts: "administration paths refused to one client",
    windowMs: 10 * minute,
    floor: ({ limit }) => limit("refused", 10),
    begin: (scene) =>
      loneAttack(scene, scene.shop.strangers.next(scene), (i) => {
        const round = Math.floor(i / adminPages.length);
        return { method: "GET", target: `/api/admin/${adminPages[i % adminPages.length]}/${round}`, status: 403 };
      }),
  },
  {
    id: "admin-exposed",
    title: "The administration answers a stranger",
    detectors: ["admin-exposed"],
    counts: "answers to a stranger",
    windowMs: 10 * minute,
    floor: ({ limit }) => limit("pages", 3),
    begin: (scene) => ({
      ...loneAttack(scene, scene.shop.strangers.next(scene), (i) => ({
        method: "GET",
        target: `/api/admin/${adminPages[i % adminPages.length]}`,
        status: 200,
      })),
      victims: [{ scope: "route", value: "/api/admin/{rest...}" }],
    }),
  },
  {
    id: "admin-by-customer",
    title: "The administration answers a customer",
    detectors: ["admin-exposed"],
    counts: "answers to a customer's role",
    windowMs: 10 * minute,
    floor: ({ limit }) => limit("wrongRole", 1),
    begin: (scene) =>
      loneAttack(scene, signedInAttacker(scene), (i) => ({
        method: "GET",
        target: `/api/admin/${adminPages[i % adminPages.length]}`,
        status: 200,
      })),
  },
  {
    id: "debug-exposed",
    title: "Figures for machines are given to a stranger",
    detectors: ["admin-exposed"],
    counts: "answers of debug routes to a stranger",
    windowMs: 10 * minute,
    floor: ({ limit }) => limit("debug", 1),
    begin: (scene) =>
      loneAttack(scene, scene.shop.strangers.next(scene), () => ({
        ...{ method: "GET", target: "/internal/metrics", status: 200 },
      })),
  },
  {
    id: "unauthenticated-access",
    title: "An endpoint forgets to ask who is there",
    detectors: ["unauthenticated-access"],
    counts: "answers without a user",
    windowMs: 60 * minute,
    lastsMs: 30 * minute,
    isOnce: true,
    floor: ({ limit }) => limit("anonymous", 3),
    begin: (scene) => ({
      ...loneAttack(scene, scene.shop.strangers.next(scene), () => ({
        ...{ method: "GET", target: "/api/account", status: 200 },
      })),
      victims: [{ scope: "route", value: "/api/account" }],
    }),
  },
  {
    id: "shadow-endpoint",
    title: "Endpoints answer that nobody listed",
    detectors: ["shadow-endpoint"],
    counts: "answers of a route that the inventory lacks",
    windowMs: 60 * minute,
    lastsMs: 30 * minute,
    isOnce: true,
    floor: ({ limit }) => limit("requests", 20),
    begin: (scene) => {
      const route = `/api/beta-${scene.tag}/preview`;
      // These are customers with a new version of the app: nobody is to be blocked.
      const clients = Array.from({ length: 12 }, () =>
        scene.shop.strangers.next({ userAgent: scene.random.pick(laptopBrowsers) }),
      );
      const attack = crowdAttack(scene, clients, () => ({ method: "GET", target: route, status: 200 }));
      return { ...attack, entities: [], victims: [{ scope: "route", value: route }] };
    },
  },
  {
    id: "deprecated-endpoint",
    title: "An endpoint that was to go is still used",
    detectors: ["deprecated-endpoint"],
    counts: "answers of a deprecated endpoint",
    windowMs: 60 * minute,
    lastsMs: 30 * minute,
    isOnce: true,
    floor: ({ limit }) => limit("requests", 1),
    begin: (scene) => {
      const attack = loneAttack(scene, signedInAttacker(scene), (i) => ({
        ...{ method: "GET", target: `/api/v0/orders/${300_000 + i * 37}`, status: 200 },
      }));
      return { ...attack, entities: [], victims: [{ scope: "route", value: "/api/v0/orders/{id}" }] };
    },
  },
  {
    id: "method-override",
    title: "A method that no shop has is hidden in forms",
    detectors: ["method-override"],
    counts: "requests that no framework sends",
    windowMs: 10 * minute,
    floor: ({ limit }) => limit("odd", 3),
    begin: (scene) =>
      loneAttack(scene, scene.shop.strangers.next(scene), (i) => {
        // In the query of a POST, where frameworks heed it and every log has it. Of a header most logs tell nothing.
        return { method: "POST", target: `${routes[i % routes.length]!}?_method=PURGE`, status: 405 };
      }),
  },
];
