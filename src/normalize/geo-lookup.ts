import { GatewatchError } from "../errors.ts";
import { openGeoFile, stampOf, type GeoFile } from "./geo-file.ts";
import { installedGeo, type GeoSource } from "./geo-packages.ts";
import type { GeoLookup } from "./geo-place.ts";
import type { GeoConfig } from "./normalize-config.ts";
import { PlaceFinder } from "./place-finder.ts";

/** The databases that are in use. */
export interface GeoDatabase {
  /** `undefined`: there is no database. Stays the same object over changes of the files. */
  readonly lookup: GeoLookup | undefined;
  /** Why there is none although one was expected, and how to mend that. */
  readonly warning: string | undefined;
  /** What is in memory, in the order in which it is asked. */
  files(): readonly GeoFile[];
  /** Look-ups so far. */
  counts(): { readonly known: number; readonly unknown: number };
  /**
   * Takes over files that changed: each once it has stayed the same from one call to the next, since
   * it could be half written. One that can't be used leaves the one before in use.
   */
  refresh(): Promise<GeoRefresh>;
}

export interface GeoRefresh {
  /** Files taken over by this call. */
  readonly taken: readonly GeoFile[];
  /** By path: why a file on disk can't be used, for as long as that is so. */
  readonly troubles: ReadonlyMap<string, string>;
}

/**
 * Opens what `geo.database` names: `default` (the installed packages), `none`, or files, all held in
 * memory (the default takes 145 MB). Throws `GEO_INVALID` for a file that can't be used.
 */
export async function createGeoLookup({ database }: GeoConfig): Promise<GeoDatabase> {
  const packages = listOf(database).includes("default") ? installedGeo() : { sources: [], missing: [] };
  const sources = listOf(database).flatMap<GeoSource>((entry) => {
    if (entry === "none") return [];
    return entry === "default" ? packages.sources : [{ path: entry, open: () => openGeoFile(entry) }];
  });
  const warning = packages.missing.length > 0 ? warningOf(packages.missing) : undefined;
  return new OpenDatabase(sources, { warning, files: await Promise.all(sources.map(({ open }) => open())) });
}

/** The files that `geo.database` names itself. */
export function ownGeoFiles({ database }: GeoConfig): string[] {
  return listOf(database).filter((entry) => entry !== "default" && entry !== "none");
}

// helpers

/** A file as it is on disk, as far as it was looked at. */
interface Watched {
  readonly source: GeoSource;
  file: GeoFile;
  /** When it was last looked at. */
  seen: string;
  /** When it was last opened, whether it could be used or not. */
  tried: string;
  trouble: string | undefined;
}

class OpenDatabase implements GeoDatabase {
  readonly lookup: GeoLookup | undefined;
  readonly warning: string | undefined;
  readonly #finder: PlaceFinder;
  readonly #watched: Watched[];

  constructor(
    sources: readonly GeoSource[],
    opened: { readonly warning: string | undefined; readonly files: readonly GeoFile[] },
  ) {
    this.warning = opened.warning;
    this.#finder = new PlaceFinder(opened.files);
    this.lookup = opened.files.length === 0 ? undefined : this.#finder;
    this.#watched = sources.map((source, i) => {
      const file = opened.files[i]!;
      return { source, file, seen: file.stamp, tried: file.stamp, trouble: undefined };
    });
  }

  files(): readonly GeoFile[] {
    return this.#watched.map(({ file }) => file);
  }

  counts(): { readonly known: number; readonly unknown: number } {
    return { known: this.#finder.known, unknown: this.#finder.unknown };
  }

  async refresh(): Promise<GeoRefresh> {
    const taken: GeoFile[] = [];
    // One after the other: each may take as much memory again as it has already.
    for (const one of this.#watched) {
      const file = await reopened(one);
      if (file === undefined) continue;
      one.file = file;
      taken.push(file);
    }
    if (taken.length > 0) this.#finder.use(this.files());
    const troubled = this.#watched.flatMap(({ source, trouble }) => (trouble ? [[source.path, trouble] as const] : []));
    return { taken, troubles: new Map(troubled) };
  }
}

async function reopened(one: Watched): Promise<GeoFile | undefined> {
  // No file at all looks the same from one time to the next, too.
  const now = await stampOf(one.source.path).catch(() => "none");
  const isSettled = now === one.seen;
  one.seen = now;
  if (!isSettled || now === one.tried) return undefined;
  one.tried = now;
  // Put back as it was: nothing to read, and nothing wrong any more.
  one.trouble = undefined;
  if (now === one.file.stamp) return undefined;
  try {
    const file = await one.source.open();
    one.tried = file.stamp;
    return file;
  } catch (error) {
    one.trouble = error instanceof GatewatchError ? error.message : String(error);
    return undefined;
  }
}

function listOf(database: GeoConfig["database"]): readonly string[] {
  return typeof database === "string" ? [database] : database;
}

function warningOf(missing: readonly { readonly name: string; readonly tells: string }[]): string {
  const what = missing.map(({ tells }) => tells).join(", and ");
  const names = missing.map(({ name }) => name).join(" and ");
  return `Not installed: ${names}. What the logs don't tell of ${what} stays unknown. Install with "npm install", or set geo.database to .mmdb files or to none.`;
}
