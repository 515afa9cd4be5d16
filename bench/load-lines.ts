import { nginxLine } from "../examples/shop/nginx-line.ts";
import { nextStep, type Person, people, random } from "../examples/shop/people.ts";

/** Customers who all come back within seconds, and lines of theirs as they happen. */
export interface LoadLines {
  /** The line of one more request that ended at `time`, epoch ms, with its end. */
  next(time: number): string;
}

/**
 * Ordinary traffic without end, in which nobody attacks. `clients`: from so many addresses, one for each
 * customer. `flood`: the share of requests that come from an address nobody has used before, 0 to 1.
 */
export function createLoadLines(options: { clients: number; flood: number; seed: number }): LoadLines {
  const { clients, flood, seed } = options;
  const rnd = random(seed);
  const customers = people(clients).map(withOwnAddress);
  let id = Math.floor(rnd() * 2 ** 31);
  return {
    next(time) {
      const customer = customers[Math.floor(rnd() * customers.length)]!;
      const step = nextStep(customer, rnd);
      if (flood === 0 || rnd() >= flood) return nginxLine(step, time, ++id);
      const stranger = { ...customer.client, address: anyAddress(rnd) };
      return nginxLine({ ...ok, client: stranger, uri: `/api/products/${1 + Math.floor(rnd() * 900)}` }, time, ++id);
    },
  };
}

// helpers

const ok = { method: "GET", status: 200, upstreamStatus: 200, took: 0.02 };

function withOwnAddress(person: Person, i: number): Person {
  return { ...person, client: { ...person.client, address: `11.${(i >>> 16) & 255}.${(i >>> 8) & 255}.${i & 255}` } };
}

/** Half of them of the new protocol, each in a network of its own. */
function anyAddress(rnd: () => number): string {
  const a = Math.floor(rnd() * 0xffffffff);
  if ((a & 1) === 0) return `${20 + ((a >>> 24) % 80)}.${(a >>> 16) & 255}.${(a >>> 8) & 255}.${a & 255}`;
  const b = Math.floor(rnd() * 0xffffffff);
  return `2001:${(0x1000 + (a >>> 20)).toString(16)}:${(a & 0xffff).toString(16)}:${(b >>> 16).toString(16)}::${(b & 0xffff).toString(16)}`;
}
