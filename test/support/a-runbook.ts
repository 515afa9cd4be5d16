import type { Runbook } from "../../src/incident/runbook.ts";

/** A runbook for credential stuffing that pages the endpoint's owner, with whatever a test wants different. */
export function aRunbook(changes: Partial<Runbook> = {}): Runbook {
  const id = changes.id ?? "credential-stuffing";
  return {
    id,
    file: `runbooks/${id}.md`,
    title: "Credential stuffing",
    match: { detector: [id], severity: undefined },
    query: undefined,
    when: undefined,
    group: ["endpointClass"],
    severity: "high",
    page: "owner",
    block: undefined,
    inhibits: [],
    resolveAfterMs: 15 * 60_000,
    steps: "## What is going on\nAn attack.\n\n## What to do\n1. Look at it.",
    ...changes,
  };
}
