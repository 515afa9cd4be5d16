/** A part of a report: a title, and lines below it. */
export interface Section {
  readonly title: string;
  readonly lines: readonly string[];
}

/** Rows whose columns begin below each other; the last column is as wide as it likes. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows) for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, cell.length);
  return rows.map((row) =>
    row.map((cell, i) => (i === row.length - 1 ? cell : cell.padEnd(widths[i] ?? 0))).join("  "),
  );
}

/** `1 line`, `12,345 lines`. */
export function amount(count: number, noun: string): string {
  return `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;
}

/** A share; what is not quite all, or not quite nothing, is never rounded to it. */
export function percent(part: number, whole: number): string {
  if (whole === 0) return "0 %";
  const share = (100 * part) / whole;
  if (part === 0 || part === whole) return `${share} %`;
  if (share < 0.01) return "under 0.01 %";
  if (share > 99.99) return "over 99.99 %";
  return `${share.toFixed(share > 99 || share < 1 ? 2 : 1)} %`;
}

/** Epoch ms as `2026-08-22 09:00:00`, in UTC. */
export function instant(time: number): string {
  return new Date(time).toISOString().slice(0, 19).replace("T", " ");
}

/** Epoch ms as `09:00:00`, in UTC. */
export function clockTime(time: number): string {
  return instant(time).slice(11);
}
