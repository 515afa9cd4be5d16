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
  /** Of a row that is collapsed. */
  readonly panels?: readonly Panel[];
  /** The variable of which each value has a row of its own. */
  readonly repeat?: string;
}

interface Variable {
  readonly name: string;
  readonly datasource: { readonly uid: string };
  readonly definition: string;
  readonly query: { readonly query: string };
  readonly includeAll: boolean;
}

/** A dashboard's file, as far as tests look at it. */
export interface Dashboard {
  readonly file: string;
  readonly uid: string;
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly Variable[] };
  readonly annotations: { readonly list: readonly { name: string; datasource: { uid: string }; target: Target }[] };
}

export function readDashboards(): Dashboard[] {
  const files = readdirSync(folder).filter((name) => name.endsWith(".json"));
  return files.map((file) => ({ ...(JSON.parse(readFileSync(join(folder, file), "utf8")) as Dashboard), file }));
}

/** All panels, also those that are folded away in rows. */
export function allPanels({ panels }: Pick<Dashboard, "panels">): Panel[] {
  return panels.flatMap((panel) => [panel, ...(panel.panels ?? [])]);
}

/** Everything that the dashboards ask. */
export function dashboardQuestions(): DashboardQuestion[] {
  return readDashboards().flatMap(({ file, annotations, ...dashboard }) => [
    ...allPanels(dashboard).flatMap(({ title, datasource, targets = [] }) =>
      targets.map((target) => question(`${file}: ${title}`, datasource?.uid ?? "", target)),
    ),
    ...annotations.list.map(({ name, datasource, target }) => question(`${file}: ${name}`, datasource.uid, target)),
  ]);
}

/** SQL as Grafana's plugin would send it for the last hour and one detector. */
export function withoutMacros(sql: string, detector = "credential-stuffing"): string {
  const hour = (column: string) => `${column} >= now() - INTERVAL 1 HOUR AND ${column} <= now()`;
  return sql
    .replaceAll("${detector:sqlstring}", `'${detector}'`)
    .replaceAll(/\$__timeFilter\((\w+)\)/g, (_, column: string) => hour(column));
}

// helpers

function question(name: string, datasource: string, { expr, rawSql }: Target): DashboardQuestion {
  return { name, datasource, text: expr ?? rawSql ?? "" };
}
