// The thread in which one format is measured.
import { parentPort, workerData } from "node:worker_threads";
import { measureFormat } from "./measure-format.ts";

const { id, chunks } = workerData as { id: string; chunks: number };
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- that is for windows; a thread has no origin
parentPort?.postMessage(measureFormat(id, chunks));
