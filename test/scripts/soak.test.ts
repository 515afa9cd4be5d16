import { expect, test } from "vitest";
import { judgeSoak } from "../../scripts/soak/judge-soak.ts";
import { readMetrics, sampleHeader, sampleLine, sampleOf, type SoakSample } from "../../scripts/soak/soak-sample.ts";

/** Ten minutes, a sample every ten seconds, in which nothing grows; `of` says what is different at a second. */
function samples(of: (at: number) => Partial<SoakSample> = () => ({})): SoakSample[] {
  return Array.from({ length: 60 }, (_, i) => {
    const at = (i + 1) * 10;
    const usual = { eventsPerSecond: 1_000, lag: 0.1, rssMiB: 700 + (i % 7), heapMiB: 120, externalMiB: 90, loopP99Ms: 20, loopMaxMs: 60 };
    return { at, ...usual, liveKeys: 50_000, gaveWay: at * 100, cpu: 0.4, ...of(at) };
  }); // prettier-ignore
}

const load = { rate: 1_000, isFlooded: true };
const failed = (of: (at: number) => Partial<SoakSample>) =>
  judgeSoak(samples(of), load).lines.filter((line) => line.startsWith("FAIL"));

test("where nothing grows, it holds", () => {
  const { lines, holds } = judgeSoak(samples(), load);
  expect(lines).toHaveLength(5);
  expect(lines.join("\n")).not.toContain("FAIL");
  expect(holds).toBe(true);
});

test.for([
  ["memory that grows to the end", (at: number) => ({ rssMiB: 500 + at / 5 }), /^FAIL memory/],
  ["a lag that grows", (at: number) => ({ lag: at < 400 ? 0 : (at - 400) / 10 }), /^FAIL lag/],
  ["a lag that stays", () => ({ lag: 9 }), /^FAIL lag/],
  ["an event loop that is late", () => ({ loopP99Ms: 300 }), /^FAIL event loop/],
  ["tables that had room for all of the flood", () => ({ gaveWay: 0 }), /^FAIL tables/],
  ["fewer lines read than sent", () => ({ eventsPerSecond: 600 }), /^FAIL throughput/],
  ["a figure that is missing", () => ({ rssMiB: NaN }), /^FAIL memory/],
] as const)("%s fails", ([, of, text]) => {
  expect(failed(of)).toEqual([expect.stringMatching(text)]);
});

test.for([
  ["memory that grew while it warmed up", (at: number) => ({ rssMiB: at < 250 ? 300 + at : 700 })],
  ["one stall", (at: number) => (at === 400 ? { loopP99Ms: 900, loopMaxMs: 900, lag: 3 } : {})],
])("%s is none", ([, of]) => {
  expect(failed(of as (at: number) => Partial<SoakSample>)).toEqual([]);
});

test("without a flood nothing has to give way", () => {
  const roomy = samples(() => ({ gaveWay: 0 }));
  expect(judgeSoak(roomy, { ...load, isFlooded: false }).holds).toBe(true);
});

test("memory is not judged over two minutes, and nothing over two samples", () => {
  const short = samples((at) => ({ rssMiB: at * 10 })).slice(0, 12);
  expect(judgeSoak(short, load).holds).toBe(true);
  expect(judgeSoak(short.slice(0, 2), load).holds).toBe(false);
});

test("a sample is what happened between two readings of the metrics", () => {
  const exposition = (events: number, cpu: number) => `# HELP gatewatch_normalize_events_total x
gatewatch_normalize_events_total{source="shop"} ${events}
gatewatch_process_cpu_seconds_total ${cpu}
gatewatch_process_resident_memory_bytes 734003200
gatewatch_nodejs_heap_size_used_bytes 104857600
gatewatch_nodejs_external_memory_bytes 73400320
gatewatch_nodejs_eventloop_lag_p99_seconds 0.012
gatewatch_nodejs_eventloop_lag_max_seconds 0.08
gatewatch_detect_rows{key="clientIp"} 500
gatewatch_detect_rows{key="actor"} 700
gatewatch_detect_evicted_total{key="clientIp"} 30
gatewatch_detect_evicted_total{key="actor"} 4
gatewatch_pipeline_lag_seconds{source="shop",partition="access-logs/0"} 0.4
gatewatch_pipeline_lag_seconds{source="shop",partition="access-logs/1"} 1.5
`;
  const [before, now] = [readMetrics(exposition(1_000, 3)), readMetrics(exposition(9_000, 5))];
  const sample = sampleOf(now, before, { at: 65, seconds: 4 });
  expect(sample).toEqual({
    ...{ at: 65, eventsPerSecond: 2_000, cpu: 0.5, lag: 1.5, rssMiB: 700, heapMiB: 100 },
    ...{ loopP99Ms: 12, externalMiB: 70, loopMaxMs: 80, liveKeys: 1_200, gaveWay: 34 },
  });
  expect(sampleLine(sample).trim().split(/\s+/)).toEqual(["1:05", "2,000", "1.5", "700", "100", "70", "12", "80", "1,200", "34", "50", "%"]); // prettier-ignore
  expect(sampleLine(sample).length).toBe(sampleHeader.length);
  expect(readMetrics("").rest.rssMiB).toBeNaN();
});
