import { random } from "../examples/shop/people.ts";

/** How requests are divided over clients. */
export interface Crowd {
  readonly name: string;
  /** The number of the client whose request is next. */
  readonly next: () => number;
}

/** So many clients come back; each crowd draws the same every time. */
export const crowdClients = 1_000_000;

/** From customers of whom some come more often than others, to a flood in which nobody comes twice. */
export function crowds(): Crowd[] {
  return [
    { name: "a few heavy clients", next: heavy(10, 0.9) },
    ...[1.2, 1, 0.8].map((exponent) => ({ name: `Zipf ${exponent}`, next: zipf(exponent) })),
    { name: "uniform", next: uniform(crowdClients) },
    { name: "flood of new clients", next: counting() },
  ];
}

/** Draws ranks so that the client of rank r comes with a chance of 1 / r^exponent. */
export function zipf(exponent: number, clients = crowdClients): () => number {
  const rnd = random(3);
  const sums = new Float64Array(clients);
  let sum = 0;
  for (let rank = 0; rank < clients; rank++) sums[rank] = sum += (rank + 1) ** -exponent;
  return () => firstAbove(sums, rnd() * sum);
}

// helpers

function heavy(few: number, share: number): () => number {
  const rnd = random(5);
  const rest = uniform(crowdClients);
  return () => (rnd() < share ? Math.floor(rnd() * few) : few + rest());
}

function uniform(clients: number): () => number {
  const rnd = random(9);
  return () => Math.floor(rnd() * clients);
}

/** Beyond those who come back. */
function counting(): () => number {
  let next = crowdClients * 2;
  return () => next++;
}

/** The index of the first of ascending numbers that is above `value`. */
function firstAbove(ascending: Float64Array, value: number): number {
  let [from, to] = [0, ascending.length - 1];
  while (from < to) {
    const middle = (from + to) >> 1;
    if (ascending[middle]! > value) to = middle;
    else from = middle + 1;
  }
  return from;
}
