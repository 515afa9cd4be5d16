import { parentPort, workerData } from "node:worker_threads";
import { createMetrics } from "../metrics.ts";
import { EventColumnsWriter, transferable } from "./event-columns.ts";
import { createNormalizer } from "./normalizer.ts";
import type { FromThread, ThreadOptions, ToThread } from "./normalizer-messages.ts";

// A thread that normalizes the batches it is sent (`NormalizerThread`). Whoever sends them counts, and looks up places.

const port = parentPort!;
const normalizer = createNormalizer({ ...(workerData as ThreadOptions), metrics: createMetrics(), geo: undefined });
const columns = new EventColumnsWriter();
let learned = normalizer.figures().learned;

port.on("message", (message: ToThread) => {
  if (message.kind === "update") normalizer.update(message.rules);
  else if (message.kind === "trust") normalizer.trust(message.rules);
  else {
    const { batch } = message;
    const { rejected, ...read } = normalizer.normalize(batch);
    const figures = normalizer.figures();
    const answer: FromThread = {
      columns: columns.write(read),
      rejected,
      figures,
      coverage: normalizer.coverage().filter(({ source }) => source === batch.source),
      format: normalizer.formatOf(batch.source),
      learned: figures.learned === learned ? undefined : normalizer.learnedRoutes(),
    };
    learned = figures.learned;
    port.postMessage(answer, transferable(answer.columns));
  }
});
