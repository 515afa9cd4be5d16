import type { Log } from "./log.ts";
import type { SavedState } from "./pipeline.ts";
import type { StateFile } from "./state-file.ts";

/** What an earlier run saved; `undefined` where there is nothing, or nothing that can be used, which is logged. */
export async function loadState(file: Pick<StateFile, "load">, log: Log): Promise<SavedState | undefined> {
  const { state, problem } = await file.load();
  if (problem !== undefined) log.warn({ problem }, "the saved state can't be used; windows begin anew");
  return state as SavedState | undefined;
}
