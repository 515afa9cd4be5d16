import { amount, instant, percent, table, type Section } from "./text-layout.ts";
import type { FormatFields } from "./try-fields.ts";
import type { RejectedLines, TriedDetector, TriedFile, TryReport } from "./try-report.ts";

const endpointsShown = 15;

/** What was read, and what of it the detectors could see. */
export function logLines(report: TryReport): Section[] {
  const sections = [{ title: "Log", lines: [...fileLines(report), ...readLines(report)] }];
  if (report.lines.read === 0) return sections;
  return [
    ...sections,
    { title: "Clients' addresses", lines: clientLines(report) },
    { title: "Fields", lines: report.fields.flatMap((fields) => fieldLines(fields, report)) },
    { title: endpointTitle(report), lines: endpointLines(report) },
    { title: "Detectors", lines: detectorLines(report.detectors) },
  ];
}

// helpers

function fileLines({ files, span }: TryReport): string[] {
  const rows = files.map((file) => [nameOf(file), file.format ?? "no known format", amount(file.read, "line")]);
  const broken = files.filter(({ brokenOff }) => brokenOff !== undefined);
  const breaks = broken.map((file) => `${nameOf(file)} broke off: ${file.brokenOff}`);
  return [...table(rows), ...breaks, ...(span ? [`from ${instant(span.from)} to ${instant(span.to)} UTC`] : [])];
}

function nameOf({ file }: Pick<TriedFile, "file">): string {
  return file === "-" ? "standard input" : file;
}

function readLines({ lines, warnings }: TryReport): string[] {
  const { read, rejected, reasons, clamped, late } = lines;
  const all = read + rejected;
  return [
    `${percent(read, all)} of ${amount(all, "line")} understood`,
    ...reasons.flatMap((reason) => rejectedLines(reason, all)),
    ...(clamped > 0
      ? [`${amount(clamped, "line")} from the future, read as of now: check the time zone or its unit`]
      : []),
    ...(late > 0 ? [`${amount(late, "line")} too far out of order to be judged`] : []),
    ...warnings,
  ];
}

function rejectedLines({ reason, lines, example }: RejectedLines, all: number): string[] {
  const told = `${percent(lines, all)} not: ${reason} (${amount(lines, "line")}): ${example.detail}`;
  const place = `    for example at byte ${example.offset} of ${nameOf(example)}`;
  return [told, example.head === "" ? place : `${place}: ${example.head.slice(0, 120)}`];
}

function clientLines({ clients }: TryReport): string[] {
  const { certain, guessed, advice } = clients;
  const all = certain + guessed;
  return [
    `${percent(certain, all)} certain, ${percent(guessed, all)} guessed${guessed > 0 ? "; nothing is blocked on a guess" : ""}`,
    ...advice,
  ];
}

/** What a field is missing from is what detectors are blind by; those that every entry has are the last to look at. */
function fieldLines({ file, format, events, always, sometimes, never }: FormatFields, { fields }: TryReport): string[] {
  const shares = sometimes.map(([field, share]) => `${field} ${percent(share * events, events)}`);
  const rows = [
    ["  never", never.join(", ")],
    ["  at times", shares.join(", ")],
    ["  always", always.join(", ")],
  ].filter(([, names]) => names !== "");
  const head = `${nameOf({ file })}, ${format}: ${amount(events, "event")}`;
  return [...(fields.length > 1 ? [head] : []), ...table(rows)];
}

function endpointTitle({ endpoints }: TryReport): string {
  const guessed = endpoints.filter((endpoint) => endpoint.guessed).length;
  return `Endpoints: ${endpoints.length}, the class of ${guessed} guessed from the words in their paths`;
}

function endpointLines({ endpoints }: TryReport): string[] {
  const shown = endpoints.slice(0, endpointsShown);
  const rows = shown.map(({ events, endpointClass, guessed, method, route }) => [
    events.toLocaleString("en").padStart(11),
    endpointClass,
    guessed ? "guessed" : "configured",
    `${method} ${route}`,
  ]);
  const more = endpoints.length - shown.length;
  return [
    ...table(rows),
    ...(more > 0 ? [`and ${more} more`] : []),
    ...(endpoints.some(({ guessed }) => guessed)
      ? ["`gatewatch endpoints discover` prints them for the configuration; mend what is guessed wrongly."]
      : []),
  ];
}

function detectorLines(detectors: readonly TriedDetector[]): string[] {
  const rows = detectors.map((detector) => [detector.id, stateOf(detector)]);
  const missing = detectors.flatMap((detector) => detector.missing);
  const hints = new Map(missing.map(({ field, hint }) => [field, hint]));
  const mend = hints.size === 0 ? [] : ["What would mend it, by the keys of a JSON log (docs/formats.md):"];
  return [...table(rows), ...mend, ...table([...hints].map(([field, hint]) => [`  ${field}`, hint]))];
}

function stateOf(detector: TriedDetector): string {
  const { state, requests, missing, muted, errors, mode } = detector;
  const listed = (needed: boolean) => missing.flatMap((one) => (one.needed === needed ? one.field : [])).join(", ");
  const surer = missing.some(({ needed }) => !needed) ? `; surer with ${listed(false)}` : "";
  const waits = missing.some(({ field }) => field === "attempt");
  const kind = detector.looksAt.length === 0 ? "request it looks at" : `request for ${detector.looksAt.join(", ")}`;
  const sees = {
    idle: `saw no ${kind}`,
    waiting: `saw ${amount(requests, "request")}, too few to tell what the log lacks`,
    blind: waits
      ? "BLIND: its attempts are counted from shop events, and there is none"
      : `BLIND: the log lacks ${listed(true)}${surer}`,
    reduced: `reduced${surer}`,
    full: "sees all it needs",
  }[state];
  const gaps = detector.gaps.map(({ file, origin, missing: lacks }) => {
    return `${origin === "shop" ? "shop events of " : ""}${nameOf({ file })} lack${origin === "shop" ? "" : "s"} ${lacks.join(", ")}`;
  });
  const extra = [
    ...gaps,
    mode === "dry-run" ? "dry run" : "",
    muted ? "muted" : "",
    errors > 0 ? amount(errors, "error") : "",
  ];
  return [sees, ...extra.filter((text) => text !== "")].join("; ");
}
