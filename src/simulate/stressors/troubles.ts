import type { Exchange } from "../exchange.ts";
import { spell, type StressorKind } from "../stressor.ts";

const minute = 60_000;

/** Things that go wrong, and make customers look guilty. */
export const troubleStressors: readonly StressorKind[] = [
  {
    id: "shared-limit",
    title: "The limiter counts a carrier's customers as one, and refuses some",
    lastsMs: 15 * minute,
    begin: ({ shop, random, start, end }) => ({
      entities: shop.people.shared().find(({ kind }) => kind === "carrier-nat")?.entities ?? [],
      actors: [
        {
          at: start,
          actor: spell(shop.conditions, end, {
            change: (x) => {
              if (x.visitor.ip.startsWith("198.19.128.") && x.method === "GET" && random.chance(0.12)) refuse(x);
            },
          }),
        },
      ],
    }),
  },
  {
    id: "broken-links",
    title: "After a relaunch old links lead nowhere, for customers and search engines alike",
    lastsMs: 30 * minute,
    begin: ({ shop, random, start, end }) => ({
      actors: [
        {
          at: start,
          actor: spell(shop.conditions, end, {
            change: (x) => {
              if (!x.target.startsWith("/api/products/") || !random.chance(0.15)) return;
              x.target = x.target.replace("/api/products/", "/shop/article-");
              x.status = 404;
              x.responseBytes = 162;
            },
          }),
        },
      ],
    }),
  },
];

// helpers

function refuse(x: Exchange): void {
  x.status = 429;
  x.durationMs = 1;
  x.upstreamMs = undefined;
  x.responseBytes = 117;
}
