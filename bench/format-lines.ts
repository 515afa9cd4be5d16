import { random } from "../examples/shop/people.ts";

/**
 * Lines of one format, made of one of its records: the known request of the format's tests, for one of
 * 20,000 clients, one of some paths, and one of some user agents. The same lines every time.
 */
export function formatLines(record: string, count: number): string[] {
  const rnd = random(11);
  const pick = <T>(list: readonly T[]) => list[Math.floor(rnd() * list.length)]!;
  return Array.from({ length: count }, () => {
    const client = Math.floor(rnd() * 20_000);
    return record
      .replaceAll("198.51.100.23", `198.51.${client >> 8}.${client & 255}`)
      .replaceAll("/v1/login", pick(paths)(rnd))
      .replaceAll("python-requests/2.32", pick(agents));
  });
}

// helpers

const paths: readonly ((rnd: () => number) => string)[] = [
  () => "/v1/login",
  () => "/v1/cart",
  () => "/v1/checkout",
  (rnd) => `/v1/products/${Math.floor(rnd() * 500)}`,
  (rnd) => `/v1/orders/${Math.floor(rnd() * 1_000_000)}`,
];

const agents = [
  "python-requests/2.32",
  "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15",
  "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/131.0",
];
