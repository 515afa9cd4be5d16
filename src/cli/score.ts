import type { LogKind } from "../score/log-kind.ts";
import { missedMarks } from "../score/marks.ts";
import type { RunScore } from "../score/run-score.ts";
import { listsOf } from "../score/score-lists.ts";
import { type KindScore, scoreOf } from "../score/scorecard.ts";
import type { CliContext } from "./cli-context.ts";
import { ProgressBar } from "./progress-bar.ts";
import { createScoreJudge, type ScoreWork } from "./score-judge.ts";
import { scoreText } from "./score-text.ts";
import { judgeInThreads, threadsFor } from "./score-workers.ts";
import { terminalJson } from "./terminal-json.ts";

/**
 * `gatewatch score`: how well the detectors judge a simulated shop whose attacks are known. Starts
 * nothing, sends nothing, writes nothing. Returns 0, or 1 when `check` is asked for and a mark is
 * missed.
 */
export async function runScore(options: ScoreWork["options"], context: CliContext): Promise<number> {
  const { runs, detectors } = await makeRuns({ options, env: context.env }, context);
  const scores = new Map(
    options.kinds.map((kind): [LogKind, KindScore] => {
      return [kind, scoreOf(runs.filter((run) => run.kind === kind), detectors)]; // prettier-ignore
    }),
  );
  const lists = listsOf(runs);
  const missed = missedMarks(scores);
  const { enriched, ...kinds } = Object.fromEntries(scores) as Partial<Record<LogKind, KindScore>>;
  if (options.json)
    context.stdout(terminalJson({ ...enriched, seeds: options.seeds, kinds, missedMarks: missed, ...lists }));
  else context.stdout(scoreText(scores, { lists, missedMarks: missed }));
  return options.check && missed.length > 0 ? 1 : 0;
}

// helpers

/** Makes every run; a person who watches is told how far it is. */
async function makeRuns(
  work: ScoreWork,
  context: CliContext,
): Promise<{ runs: readonly RunScore[]; detectors: readonly string[] }> {
  const { names, detectors, run } = await createScoreJudge(work);
  const progress = new ProgressBar(names.length, context);
  const threads = work.options.threads ?? threadsFor(names.length);
  let done = 0;
  const onDone = () => progress.show(++done);
  const here = () =>
    names.map((name) => {
      const made = run(name);
      onDone();
      return made;
    });
  const runs = threads > 1 ? await judgeInThreads(names, { work, threads, onDone }) : here();
  progress.end();
  return { runs, detectors };
}
