import { expect, test } from "vitest";
import { z } from "zod";
import { configLine } from "../../src/detect/config-line.ts";
import { aDetector } from "../support/a-detector.ts";

const definition = aDetector({
  id: "stuffing",
  params: z.strictObject({ failures: z.int().default(5), share: z.number().default(0.5) }),
});

test.for([
  ["defaults are left out", { failures: 5, share: 0.5 }, {}, "detectors: { stuffing: { mode: dry-run } }"],
  [
    "what is set stays",
    { failures: 9, share: 0.5 },
    { mode: "active" },
    "detectors: { stuffing: { mode: active, params: { failures: 9 } } }",
  ],
  [
    "with another value",
    { failures: 9, share: 0.5 },
    { params: { share: 0.7 } },
    "detectors: { stuffing: { mode: dry-run, params: { failures: 9, share: 0.7 } } }",
  ],
] as const)("%s", ([, params, change, line]) => {
  expect(configLine({ definition, params, mode: "dry-run" }, change)).toBe(line);
});
