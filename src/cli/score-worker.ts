import { parentPort, workerData } from "node:worker_threads";
import type { RunName } from "../score/run-score.ts";
import { createScoreJudge, type ScoreWork } from "./score-judge.ts";

// A thread that makes runs of a score, one for each name it is sent.

const port = parentPort!;
const judge = createScoreJudge(workerData as ScoreWork);
port.on("message", (name: RunName) => void judge.then(({ run }) => port.postMessage(run(name))));
