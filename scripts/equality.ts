import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { auditTallies } from "../test/support/equality/audit.ts";
import { unleash } from "../test/support/equality/chaos.ts";
import {
  actedWrongly,
  decidedByOne,
  differences,
  toldByOne,
  toldDifference,
} from "../test/support/equality/compare.ts";
import type { Figures } from "../test/support/equality/figures.ts";
import { runAsRoles, runFromFile, runFromKafka } from "../test/support/equality/runs.ts";
import { produceStream, recordStream } from "../test/support/equality/stream.ts";
import { ClickHouseHttp } from "../test/support/clickhouse-http.ts";
import { startKafka } from "../test/support/kafka-broker.ts";

// One log, read in four ways: the detections have to be the same. `npm run equality`; see docs/cluster.md.

const { values } = parseArgs({
  options: {
    events: { type: "string", default: "5000000" },
    minutes: { type: "string", default: "120" },
    partitions: { type: "string", default: "12" },
    faults: { type: "string", default: "50" },
    rate: { type: "string", default: "10000" },
    calm: { type: "string", default: "10" },
    seed: { type: "string", default: "1" },
    only: { type: "string", multiple: true },
    keep: { type: "boolean", default: false },
  },
});
const [events, minutes, partitions, faults, seed] = [values.events, values.minutes, values.partitions, values.faults, values.seed].map(Number) as [number, number, number, number, number]; // prettier-ignore
const isWanted = (run: string) => values.only === undefined || values.only.includes(run);
const begun = performance.now();
const log = (text: string) => process.stdout.write(`${((performance.now() - begun) / 1000).toFixed(0).padStart(5)} s  ${text}\n`); // prettier-ignore

const directory = await mkdtemp(join(tmpdir(), "gatewatch-equality-"));
const started = await startKafka();
if (started.broker === undefined) throw new Error(started.unavailableReason);
const kafka = started.broker;
const server = await ClickHouseHttp.start(join(directory, "clickhouse"));
let failed = 0;
try {
  const stream = await recordStream({ directory, events, minutes });
  log(`${stream.lines} lines, ${stream.requests} of them requests, ${minutes} min of event time`);
  const base = { directory, stream, server, kafka, partitions, log };
  const expected = await runFromFile({ ...base, name: "file" });
  log(`file: ${expected.sealed.size} sealed detections, ${expected.counted} requests counted`);
  // One more line ends the file.
  check("file counts every line", expected.counted === stream.requests + 1);

  if (isWanted("kafka") || isWanted("roles")) {
    await kafka.createTopic("logs", partitions);
    const sent = await produceStream(stream, { brokers: kafka.brokers, topic: "logs", partitions });
    log(`${sent} records in ${partitions} partitions, up to 30 s apart`);
  }
  if (isWanted("kafka")) judge("kafka", expected, await runFromKafka({ ...base, name: "kafka", topic: "logs" }));
  if (isWanted("roles")) judge("roles", expected, await runAsRoles({ ...base, name: "roles", topic: "logs" }));
  if (isWanted("faults")) {
    await kafka.createTopic("faulty", partitions);
    // The roles read about so many lines a second beside the broker and this process; each fault has its share of them.
    const rate = Number(values.rate);
    let reached = 0;
    log(`${faults} faults, and with each of them ${Math.ceil(stream.lines / (faults + 1))} lines`);
    const found = await runAsRoles({ ...base, name: "faults", topic: "faulty" }, async (processes) => {
      const mayReach = () => (reached + 1) / (faults + 1);
      const aborting = new AbortController();
      const { signal } = aborting;
      const producing = produceStream(stream, { brokers: kafka.brokers, topic: "faulty", partitions, rate, mayReach, signal }); // prettier-ignore
      const onFault = (many: number) => (reached = many);
      const calmMs = Number(values.calm) * 1000;
      try {
        await unleash(processes, { faults, calmMs, seed, kafka, brokerRestarts: 2, log, onFault });
      } catch (error) {
        aborting.abort();
        throw error;
      }
      log(`${await producing} records produced`);
    });
    judge("faults", expected, found);
    const audit = await auditTallies(kafka, { topic: "faulty", prefix: "faults" });
    const written = audit.reduce((sum, { lines }) => sum + lines, 0);
    check(`faults: ${written} lines in the topic, ${stream.lines + partitions} produced`, written === stream.lines + partitions); // prettier-ignore
    const wrong = audit.filter(({ lines, counted }) => lines !== counted);
    for (const { partition, lines, counted } of wrong) log(`faults: partition ${partition}: ingest counted ${counted} of ${lines} lines`); // prettier-ignore
    check(`faults: ingest counted the lines of each partition once (${wrong.length} are not)`, wrong.length === 0);
  }

  function judge(name: string, wanted: Figures, found: Figures): void {
    const different = differences(wanted, found);
    for (const line of different.slice(0, 20)) log(`${name}: ${line.slice(0, 2_000)}`);
    check(`${name}: all ${wanted.sealed.size} sealed detections are the same (${different.length} are not)`, different.length === 0); // prettier-ignore
    check(`${name}: ${found.counted} requests counted, ${stream.requests + partitions} produced`, found.counted === stream.requests + partitions); // prettier-ignore
    for (const line of toldByOne(wanted, found).slice(0, 20)) log(`${name}: ${line.slice(0, 1_000)}`);
    const eager = toldDifference(wanted, found);
    check(`${name}: of ${wanted.told.size} detectors with their keys that were told of, on change or sealed, ${(eager * 100).toFixed(2)} % differ`, eager <= 0.005); // prettier-ignore
    log(`      ${found.renamed} were told on change at another bucket than they were sealed at; from the file ${wanted.renamed}`); // prettier-ignore
    const wrong = actedWrongly(found);
    for (const line of wrong.slice(0, 10)) log(`${name}: ${line}`);
    check(`${name}: each is in one incident, and was decided on and told once (${wrong.length} are not)`, wrong.length === 0); // prettier-ignore
    const decided = decidedByOne(wanted, found);
    for (const line of decided.slice(0, 10)) log(`${name}: ${line}`);
    check(`${name}: the same ${wanted.decided.size} targets were decided on (${decided.length} were not)`, decided.length === 0); // prettier-ignore
  }
} finally {
  await server.stop();
  await kafka.stop();
  if (!values.keep) await rm(directory, { recursive: true, force: true });
}
process.exitCode = failed === 0 ? 0 : 1;

// helpers

function check(what: string, holds: boolean): void {
  log(`${holds ? "ok  " : "FAIL"}  ${what}`);
  if (!holds) failed++;
}
