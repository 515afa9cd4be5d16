// `npm run bench:latency`: how soon an attacker is refused, from the deciding line in Kafka to the answer of
// /v1/check, at several loads. bench/README.md says how to read it.
import { parseArgs } from "node:util";
import { kcatMissing } from "../test/support/kcat.ts";
import { measureLatency } from "./measure-latency.ts";
import { loadText } from "./process-load.ts";
import { startRoles } from "./roles-service.ts";

const { values } = parseArgs({
  options: {
    json: { type: "boolean" },
    rates: { type: "string" },
    attackers: { type: "string" },
    /** A process of each role in place of one that does all. */
    split: { type: "boolean" },
  },
});
const rates = (values.rates ?? "1000,20000").split(",").map(Number);
const attackers = Number(values.attackers ?? 100);

const missing = kcatMissing();
if (missing) throw new Error(missing);

for (const rate of rates) {
  const latency = await measureLatency({ rate, attackers, ...(values.split && { start: startRoles }) });
  if (values.json) console.log(JSON.stringify({ rate, ...latency }));
  else {
    const { p50, p99, max, n, missed, eventsPerSecond, processes } = latency;
    console.log(
      `${eventsPerSecond.toLocaleString("en").padStart(7)} events/s   p50 ${p50} ms, p99 ${p99} ms, at most ${max} ms, over ${n} attackers${missed > 0 ? `; ${missed} were not refused` : ""} (${loadText(processes)})`,
    );
  }
}
