// `npm run bench:keys`: what live clients and users cost with every detector, in memory and in stalls, while
// they arrive. bench/README.md says how to read it.
import { parseArgs } from "node:util";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { nginxLine } from "../examples/shop/nginx-line.ts";
import { systemClock } from "../src/clock.ts";
import { DetectStage } from "../src/detect/detect-stage.ts";
import { readShop } from "./stages.ts";
import { batchOf } from "./traffic.ts";

const { values } = parseArgs({
  options: { json: { type: "boolean" }, keys: { type: "string" }, rate: { type: "string" } },
});
/** So many clients, and as many users: each client looks at a page, and signs in. */
const keys = Number(values.keys ?? 2_000_000);
/** Events a second of event time. */
const rate = Number(values.rate ?? 20_000);
const perBatch = 500;
/** Until so many events code is compiled as it is met, which takes longer than any of them later: told apart. */
const coldEvents = Math.min(20_000, keys);
const start = Date.UTC(2026, 7, 22, 9);
const mib = (bytes: number) => Math.round(bytes / 1024 ** 2);

const { config, rules, normalizer } = await readShop();
let now = start;
const stage = new DetectStage({
  detectors: rules.detectors,
  config: { ...config.detect, clients: keys },
  clock: { ...systemClock, now: () => now },
  onMuted: (detector, error) => {
    throw new Error(`${detector}: ${error}`);
  },
});

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

const before = process.memoryUsage.rss();
const heldBefore = held();
const stalls: number[] = [];
let events = 0;
let peak = before;
for (let first = 0; first < keys; first += perBatch / 2) {
  const lines = Array.from({ length: perBatch }, (_, i) => line(first + (i >> 1), i % 2 === 1));
  const began = performance.now();
  const batch = batchOf(lines, events);
  stage.process(batch, normalizer.normalize(batch));
  stalls.push(performance.now() - began);
  events += perBatch;
  peak = Math.max(peak, process.memoryUsage.rss());
}

const heldBytes = held() - heldBefore;
const spaces = stage.engine.spaces.filter(({ table }) => table.used > keys / 2);
const coldBatches = coldEvents / perBatch;
const sorted = stalls.slice(coldBatches).toSorted((a, b) => a - b);
const report = {
  clients: keys,
  users: keys,
  detectors: rules.detectors.length,
  rssMiB: mib(peak),
  rssBeforeMiB: mib(before),
  bytesPerKey: Math.round((peak - before) / (2 * keys)),
  heldPerKey: Math.round(heldBytes / (2 * keys)),
  evicted: Object.fromEntries(spaces.map(({ dimensions, table }) => [dimensions.join("+"), table.evicted])),
  batchMs: { p50: rounded(sorted[sorted.length >> 1]!), p999: rounded(sorted[Math.floor(sorted.length * 0.999)]!), max: rounded(sorted.at(-1)!), cold: rounded(Math.max(...stalls.slice(0, coldBatches))) },
}; // prettier-ignore
console.log(values.json ? JSON.stringify(report) : text(report));

// helpers

/** A page, or a sign-in, of one client, a moment after the one before. */
function line(i: number, signsIn: boolean): string {
  now = start + Math.floor(((events + (signsIn ? 1 : 0)) / rate) * 1000);
  const client = {
    address: `${11 + (i >>> 19)}.${(i >>> 11) & 255}.${(i >>> 3) & 255}.${(i & 7) * 32 + 1}`,
    agent: "ShopApp/5.2 (Android 15)",
    ...{ country: "DE", latitude: 52.52, longitude: 13.4, asn: 64_500 },
  };
  const answer = { client, status: 200, upstreamStatus: 200, took: 0.02 };
  const request = signsIn
    ? { ...answer, method: "POST", uri: "/api/login", user: `customer-${i}` }
    : { ...answer, method: "GET", uri: `/api/products/${i % 900}` };
  return nginxLine(request, now, 2 * i + (signsIn ? 1 : 0)).trimEnd();
}

/** What is resident after a collection, without what the heap keeps in reserve. */
function held(): number {
  collect();
  const { rss, heapTotal, heapUsed } = process.memoryUsage();
  return rss - heapTotal + heapUsed;
}

function rounded(ms: number): number {
  return Math.round(ms * 10) / 10;
}

function text({ rssMiB, rssBeforeMiB, bytesPerKey, heldPerKey, evicted, batchMs }: typeof report): string {
  const lost = Object.entries(evicted).map(([key, count]) => `${key} ${count.toLocaleString("en")}`);
  return [
    `${keys.toLocaleString("en")} clients and as many users, ${report.detectors} detectors, ${rate.toLocaleString("en")} events a second of event time`,
    `memory      ${rssMiB} MiB, ${rssBeforeMiB} MiB before the first: ${bytesPerKey} bytes a key; ${heldPerKey} after a collection, without what the heap has in reserve`,
    `gave way    ${lost.join(", ")}`,
    `a batch     of ${perBatch} events took ${batchMs.p50} ms, at most ${batchMs.max} ms; one in a thousand ${batchMs.p999} ms and more; the first of all, while code is compiled, ${batchMs.cold} ms`,
  ].join("\n");
}
