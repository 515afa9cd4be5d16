// `npm run bench:tallies`: how large the tallies are that `ingest` hands to `detect`, for crowds of different kinds, what
// writing and merging them takes, and what that comes to at large rates; docs/scaling.md reckons with it.
import { parseArgs } from "node:util";
import { crowds } from "./crowds.ts";
import { costOf, flushMs, measureTallies, type TallyCost } from "./measure-tallies.ts";

/** Rates, over how many source partitions they come, and into how many parts keys are divided there. */
const scales = [
  { eventsPerSecond: 100_000, partitions: 12, parts: 8 },
  { eventsPerSecond: 1_000_000, partitions: 60, parts: 64 },
  { eventsPerSecond: 10_000_000, partitions: 600, parts: 512 },
];
/** What is shared is told from what is not by dividing keys into so many parts. */
const [few, many] = [4, 64];

const { values } = parseArgs({ options: { json: { type: "boolean" }, events: { type: "string" } } });
const flushed = ({ eventsPerSecond, partitions }: (typeof scales)[number]) =>
  Math.round((eventsPerSecond * flushMs) / 1000 / partitions);
const sizes = values.events?.split(",").map(Number) ?? [200, ...new Set(scales.map(flushed))];

const figures = await measureTallies({
  crowds: crowds(),
  sizes: sizes.flatMap((events) => [few, many].map((parts) => ({ events, parts }))),
});
const costs = figures
  .filter(({ parts }) => parts === few)
  .map((one) => costOf(one, figures.find((other) => other.crowd === one.crowd && other.events === one.events && other.parts === many)!)); // prettier-ignore
const projections = costs.flatMap((cost) =>
  scales.filter((scale) => flushed(scale) === cost.events).map((scale) => ({ ...scale, ...project(cost, scale) })),
);
console.log(values.json ? JSON.stringify({ figures, costs, projections }) : text());

// helpers

/** What all of `ingest` writes and all of `detect` takes in, in a second; processors are those of one thread each. */
function project(cost: TallyCost, { eventsPerSecond, parts }: (typeof scales)[number]) {
  const { crowd, keyedBytes, sharedBytes, writeUs, keyedUs, sharedUs, trafficUs } = cost;
  const seconds = eventsPerSecond / 1e6;
  return {
    crowd,
    megabytesPerSecond: ((keyedBytes + parts * sharedBytes) * eventsPerSecond) / 1e6,
    sharedOfThat: (parts * sharedBytes) / (keyedBytes + parts * sharedBytes),
    writeProcessors: writeUs * seconds,
    processorsOfOnePart: (keyedUs / parts + sharedUs) * seconds,
    processorsOfActing: trafficUs * seconds,
  };
}

function text(): string {
  const row = (name: string, ...columns: readonly (string | number)[]) =>
    name.padEnd(22) + columns.map((column) => String(column).padStart(11)).join("");
  return [
    "What one event costs on its way from `ingest` to `detect`, by how many are in one flush of one source partition:",
    "bytes and microseconds for the part that has the key, and again for each part there is (shared)\n",
    row(
      "crowd",
      "events",
      "clients",
      "keyed B",
      "shared B",
      "write us",
      "keyed us",
      "shared us",
      "traffic B",
      "traffic us",
    ),
    ...costs.map(({ crowd, events, clients, keyedBytes, sharedBytes, writeUs, keyedUs, sharedUs, trafficBytes, trafficUs }) => row(crowd, events, clients, keyedBytes.toFixed(0), sharedBytes.toFixed(1), writeUs.toFixed(1), keyedUs.toFixed(1), sharedUs.toFixed(2), trafficBytes.toFixed(1), trafficUs.toFixed(2))), // prettier-ignore
    "\nWhat that comes to\n",
    row("crowd", "events/s", "parts", "MB/s", "shared", "write cpu", "a part cpu", "acting cpu"),
    ...projections.map(({ crowd, eventsPerSecond, parts, megabytesPerSecond, sharedOfThat, writeProcessors, processorsOfOnePart, processorsOfActing }) => row(crowd, eventsPerSecond.toLocaleString("en"), parts, megabytesPerSecond.toFixed(0), `${(sharedOfThat * 100).toFixed(0)} %`, writeProcessors.toFixed(1), processorsOfOnePart.toFixed(2), processorsOfActing.toFixed(2))), // prettier-ignore
  ].join("\n");
}
