import { expect, test } from "vitest";
import { ClientCounts } from "../../src/cli/try-clients.ts";
import type { AccessEvent } from "../../src/normalize/access-event.ts";
import { anEvent } from "../support/an-event.ts";

const guessed = (clientIp: string | undefined) => anEvent({ clientIp, clientIpTrust: "guessed" });
const certain = (clientIp: string) => anEvent({ clientIp });
const times = (count: number, event: (i: number) => AccessEvent) => Array.from({ length: count }, (_, i) => event(i));

test.for([
  ["nothing where all is well", times(300, (i) => certain(`203.0.113.${i % 100}`)), []],
  ["no address at all", [guessed(undefined), certain("203.0.113.1")], [/^50\.0 % of the requests have no address: log the socket's/]],
  ["a private address: name it", [guessed("10.0.0.5"), guessed("10.0.0.6")], [/^10\.0\.0\.5, 10\.0\.0\.6: private\..*proxies\.trusted/, /proxies: \{ trusted: \[10\.0\.0\.5, 10\.0\.0\.6\] \}/]],
  ["many private addresses: no list to copy", times(40, (i) => guessed(`10.0.0.${i}`)), [/ and others: private\./]],
  ["a trusted hop without a header", [guessed("192.0.2.1")], [/^192\.0\.2\.1: a proxy of yours, .* log X-Forwarded-For/]],
  ["a header alone", [guessed("198.51.100.9")], [/^198\.51\.100\.9: from X-Forwarded-For alone/]],
  ["a proxy that nobody named", [...times(400, () => certain("203.0.113.9")), ...times(100, (i) => certain(`198.51.100.${i}`))], [/^203\.0\.113\.9 made 80\.0 % of these requests\. If it is a proxy or CDN/]],
  ["too little to suspect anybody", times(20, () => certain("203.0.113.9")), []],
] as const)("advice: %s", ([, events, advice]) => {
  const counts = new ClientCounts(["192.0.2.0/24"]);
  for (const event of events) counts.add(event);
  const report = counts.report();
  expect(report.advice).toEqual(advice.map((pattern) => expect.stringMatching(pattern)));
  expect(report.certain + report.guessed).toBe(events.length);
}); // prettier-ignore

test("counts at most so many addresses one by one, and every request", () => {
  const counts = new ClientCounts([]);
  for (let i = 0; i < 30_000; i++) counts.add(guessed(`10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`));
  expect(counts.report()).toMatchObject({ guessed: 30_000, certain: 0, unknown: 0 });
});
