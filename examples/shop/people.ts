import type { Client, Request } from "./nginx-line.ts";

/** A number between 0 and 1 for each call, the same every time for the same seed (mulberry32). */
export function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const places = [
  { country: "DE", latitude: 52.52, longitude: 13.4, asn: 64500 },
  { country: "DE", latitude: 48.14, longitude: 11.58, asn: 64500 },
  { country: "AT", latitude: 48.21, longitude: 16.37, asn: 64501 },
  { country: "NL", latitude: 52.37, longitude: 4.9, asn: 64502 },
  { country: "FR", latitude: 48.86, longitude: 2.35, asn: 64503 },
] as const;

export const saoPaulo = { country: "BR", latitude: -23.55, longitude: -46.63, asn: 64520 } as const;

const agents = [
  "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15",
  "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/131.0",
  "Mozilla/5.0 (Macintosh; Intel Mac OS X 14_6) AppleWebKit/605.1.15 Version/18.0",
  "ShopApp/5.2 (Android 15)",
] as const;

/** A customer of the shop: always the same place, device and name. */
export interface Person {
  readonly name: string;
  readonly client: Client;
}

export function people(count: number): Person[] {
  return Array.from({ length: count }, (_, i) => ({
    name: `customer-${i}`,
    client: {
      // A fifth of them share a few addresses, as offices and carriers do; the others have a line of their own.
      address: i % 5 === 0 ? `192.0.2.${1 + (i % 4)}` : `2001:db8:1:${i.toString(16)}::7`,
      agent: agents[i % agents.length]!,
      ...places[i % places.length]!,
    },
  }));
}

/** What one customer does next, most of it looking around. */
export function nextStep(person: Person, rnd: () => number): Request {
  const { client, name } = person;
  const dice = rnd();
  const took = Number((0.01 + rnd() * 0.12).toFixed(3));
  const ok = (method: string, uri: string, user?: string): Request => ({
    ...{ method, uri, client, took, user },
    status: 200,
    upstreamStatus: 200,
  });
  if (dice < 0.45) return ok("GET", `/api/products/${1 + Math.floor(rnd() * 900)}`);
  if (dice < 0.6) return ok("GET", `/api/search?q=${["boots", "tent", "lamp", "rope"][Math.floor(rnd() * 4)]}`);
  if (dice < 0.7) return ok("POST", `/api/cart/${Math.floor(rnd() * 1e6)}/items`, name);
  if (dice < 0.8) {
    const wrong = rnd() < 0.08;
    return { ...ok("POST", "/api/login", name), ...(wrong ? { status: 401, upstreamStatus: 401 } : {}) };
  }
  if (dice < 0.84) return ok("GET", "/api/account", name);
  if (dice < 0.9) return ok("POST", "/api/checkout", name);
  if (dice < 0.97) {
    const fails = rnd() < 0.004;
    return { ...ok("POST", "/api/payments", name), ...(fails ? { status: 502, upstreamStatus: 502 } : {}) };
  }
  return ok("GET", `/api/orders/${Math.floor(rnd() * 1e5)}`, name);
}
