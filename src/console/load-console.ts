import { readdir, readFile } from "node:fs/promises";
import { extname } from "node:path";
import type { PageFile } from "../api/page-routes.ts";

/** The one document; the script in it shows what its address asks for. */
const documentRoutes = ["/", "/incidents/:id", "/runbooks/:id", "/detectors", "/detectors/:id"];

const contentTypes: Readonly<Record<string, string>> = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".svg": "image/svg+xml",
};

/** Reads the console's files into memory, for `createApi` to serve. They are never read again. */
export async function loadConsole(): Promise<PageFile[]> {
  const folder = new URL("page/", import.meta.url);
  const names = (await readdir(folder)).filter((name) => extname(name) in contentTypes).sort();
  return Promise.all(
    names.map(async (name) => ({
      routes: name === "index.html" ? documentRoutes : [`/console/${name}`],
      contentType: contentTypes[extname(name)] as string,
      body: await readFile(new URL(name, folder)),
    })),
  );
}
