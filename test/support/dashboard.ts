import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const folder = join(import.meta.dirname, "../../dashboards");

/** What one panel or annotation of a dashboard asks. */
export interface DashboardQuestion {
  /** `gatewatch.json: Open incidents`. */
  readonly name: string;
  readonly datasource: string;
  /** PromQL, or SQL with Grafana's macros. */
  readonly text: string;
}

interface Target {
  readonly expr?: string;
  readonly rawSql?: string;
}

interface Panel {
  readonly title: string;
  readonly type: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly datasource?: { readonly type: string; readonly uid: string };
  readonly targets?: readonly Target[];
}

/** A dashboard's file, as far as tests look at it. */
export interface Dashboard {
  readonly file: string;
  readonly uid: string;
  readonly panels: readonly Panel[];
  readonly annotations: { readonly list: readonly { name: string; datasource: { uid: string }; target: Target }[] };
}

export function readDashboards(): Dashboard[] {
  const files = readdirSync(folder).filter((name) => name.endsWith(".json"));
  return files.map((file) => ({ ...(JSON.parse(readFileSync(join(folder, file), "utf8")) as Dashboard), file }));
}

/** Everything that the dashboards ask. */
export function dashboardQuestions(): DashboardQuestion[] {
  return readDashboards().flatMap(({ file, panels, annotations }) => [
    ...panels.flatMap(({ title, datasource, targets = [] }) =>
      targets.map((target) => question(`${file}: ${title}`, datasource?.uid ?? "", target)),
    ),
    ...annotations.list.map(({ name, datasource, target }) => question(`${file}: ${name}`, datasource.uid, target)),
  ]);
}

/** SQL as Grafana's plugin would send it for the last hour. */
export function withoutMacros(sql: string): string {
  const hour = (column: string) => `${column} >= now() - INTERVAL 1 HOUR AND ${column} <= now()`;
  return sql.replaceAll(/\$__timeFilter\((\w+)\)/g, (_, column: string) => hour(column));
}

// helpers

function question(name: string, datasource: string, { expr, rawSql }: Target): DashboardQuestion {
  return { name, datasource, text: expr ?? rawSql ?? "" };
}
