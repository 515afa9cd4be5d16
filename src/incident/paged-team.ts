import type { Runbook } from "./runbook.ts";

/** Teams by name, in the order of the configuration. */
export interface Teams {
  readonly names: ReadonlySet<string>;
  /** Told where nobody known owns the endpoint. */
  readonly first: string | undefined;
}

/** The team a runbook pages; `undefined` when it pages nobody, or there is no team at all. */
export function pagedTeam(runbook: Runbook, owner: string | undefined, teams: Teams): string | undefined {
  if (runbook.page === undefined) return undefined;
  const wanted = runbook.page === "owner" ? owner : runbook.page;
  return wanted !== undefined && teams.names.has(wanted) ? wanted : teams.first;
}
