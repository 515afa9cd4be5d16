import { expect, test } from "vitest";
import probing from "../../detectors/probing.ts";
import { runExample } from "../../src/detect/run-example.ts";

const asking = (paths: readonly string[]) =>
  paths.map((path, i) => ({
    ...{ at: `${i}s` as const, clientIp: "203.0.113.7", path, route: "/{unknown}" },
    ...{ status: 404, outcome: "failed" as const },
  }));

const oldLinks = Array.from({ length: 80 }, (_, i) => `/old-shop/page-${i}`);

test.for<[string, readonly string[], number]>([
  ["who asks for old links, however many, is not named", oldLinks, 0],
  ["who asks for what only scanners ask for as well is", [...oldLinks, "/.env"], 1],
])("%s", ([, paths, named]) => {
  const found = runExample(probing as never, { name: "", fires: true, events: asking(paths) });
  expect(found.length).toBeGreaterThan(0);
  expect(found.at(-1)!.targets).toHaveLength(named);
});
