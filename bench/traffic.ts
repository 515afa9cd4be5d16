import { nginxLine } from "../examples/shop/nginx-line.ts";
import type { RawBatch } from "../src/source/raw-batch.ts";
import { nextStep, people, random } from "../examples/shop/people.ts";

/**
 * Lines of an ordinary shop's traffic with one attack in a hundred lines: the same lines every time.
 * About 480 bytes each; `clients` different customers; `start`: when the first one was, epoch ms.
 */
export function benchLines(options: { lines: number; clients: number; start?: number }): string[] {
  const rnd = random(7);
  const customers = people(options.clients);
  const { start = Date.UTC(2026, 7, 22, 9, 0, 0) } = options;
  return Array.from({ length: options.lines }, (_, i) => {
    const person = customers[Math.floor(rnd() * customers.length)]!;
    const step = nextStep(person, rnd);
    const attack = i % 100 === 0;
    const request = attack
      ? { ...step, method: "POST", uri: "/api/login", status: 401, upstreamStatus: 401, user: `leaked-${i % 977}` }
      : step;
    const client = attack ? { ...person.client, address: `203.0.113.${(i / 100) % 50}` } : person.client;
    // 2,000 requests a second of event time.
    return nginxLine({ ...request, client }, start + Math.floor(i / 2), i).trimEnd();
  });
}

/** Lines as a source would hand them over, in batches. */
export function batchesOf(lines: readonly string[], size: number): RawBatch[] {
  return Array.from({ length: Math.ceil(lines.length / size) }, (_, i) =>
    batchOf(lines.slice(i * size, (i + 1) * size), i * size),
  );
}

/** One batch of the example shop's log; `first`: the offset of its first line. */
export function batchOf(records: readonly string[], first: number): RawBatch {
  return {
    ...{ source: "shop", partition: "shop:bench", records, refused: [] },
    offsets: records.map((_line, i) => first + i),
    next: first + records.length,
    receivedAt: Date.now(),
  };
}
