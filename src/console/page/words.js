// Codes of the API, in words for people.

/** `1,234`, `12.5`, `0.2`. */
export function figure(value) {
  return value.toLocaleString("en", { maximumFractionDigits: value >= 100 ? 0 : 1 });
}

/** Rounded down, so that only all is `100 %`; and only none is `never`. */
export function percent(share) {
  if (share === 0) return "never";
  if (share > 0 && share < 0.01) return "< 1 %";
  return `${Math.floor(share * 100)} %`;
}

/** `3 detections`; `more`: where an `s` doesn't do. */
export function plural(count, noun, more = `${noun}s`) {
  return `${figure(count)} ${count === 1 ? noun : more}`;
}

/** Whether people were told of an incident, and if not, why. */
export function pagedText({ quiet, team }) {
  if (quiet === undefined) return team ? `paged: ${team}` : "not paged";
  const [reason, id = ""] = quiet.split(":");
  const known = {
    not_paged: "not paged: its runbook names nobody",
    stale: "not paged: found in a backlog",
    dry_run: "not paged: the detector is on trial",
    silenced: `silenced by ${id}`,
    inhibited: `quiet: ${id} says it already`,
    budget: "not paged: the team had its pages for this hour",
  };
  return known[reason] ?? `not paged: ${quiet}`;
}

export const scopeWords = {
  ip: "address",
  range: "range",
  user: "user",
  apiKey: "API key",
  session: "session",
  country: "country",
  as: "network",
};

export const deliveryWords = {
  pending: ["wait", "waiting"],
  sending: ["wait", "being sent"],
  sent: ["good", "sent"],
  failed: ["bad", "failed"],
  handed_over: ["wait", "next channel took over"],
  unknown: ["wait", "may have arrived"],
  cancelled: ["plain", "no longer needed"],
};

export const severityRank = { critical: 3, high: 2, medium: 1, low: 0 };
