import leven from "leven";
import { GatewatchError } from "../errors.ts";
import { attackList } from "../simulate/attack-list.ts";
import { writerIds } from "../simulate/create-writer.ts";
import { stressorList } from "../simulate/stressor-list.ts";

/** The names that `all`, `none` or a list stand for. Throws `COMMAND_FAILED` when one is not known. */
export function chosen(text: string, known: readonly string[], what: "attack" | "stressor"): readonly string[] {
  if (text === "all") return known;
  if (text === "none") return [];
  const names = text.split(",").map((name) => name.trim());
  for (const name of names) if (!known.includes(name)) throw unknownName(name, known, what);
  return names;
}

/** Throws `COMMAND_FAILED` when nothing is written as that. */
export function checkWriter(format: string): void {
  if (!writerIds.includes(format)) throw unknownName(format, writerIds, "format");
}

/** What can be simulated, as text. */
export function simulateList(): string {
  const rows = (of: readonly { readonly id: string; readonly title: string }[]) => {
    const width = Math.max(...of.map(({ id }) => id.length));
    return of.map(({ id, title }) => `  ${id.padEnd(width)}  ${title}`);
  };
  const stressors = [...stressorList, { id: "payment-outage", title: "Payments fail, and customers try again" }];
  return `${["Attacks and outages", ...rows(attackList), "", "Stressors", ...rows(stressors), "", "Formats", `  ${writerIds.join(", ")}`].join("\n")}\n`;
}

// helpers

function unknownName(name: string, known: readonly string[], what: string): GatewatchError {
  const nearest = known.toSorted((a, b) => leven(a, name) - leven(b, name))[0]!;
  const guess = leven(nearest, name) <= 4 ? ` Did you mean ${nearest}?` : "";
  return new GatewatchError("COMMAND_FAILED", `There is no ${what} ${name}.${guess}`, {
    remedy: "`gatewatch simulate --list` names them all.",
  });
}
