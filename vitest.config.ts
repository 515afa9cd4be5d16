import { defineConfig } from "vitest/config";

const slow = ["test/integration/**/*.test.ts"];
const report = process.env["GATEWATCH_TEST_REPORT"];

export default defineConfig({
  test: {
    reporters: report === undefined ? ["default"] : ["default", ["json", { outputFile: report }]],
    // Real servers share two cores: one file of theirs at a time, everything else in parallel.
    projects: [
      { test: { name: "unit", include: ["test/**/*.test.ts"], exclude: slow, testTimeout: 20_000 } },
      {
        test: {
          name: "integration",
          include: slow,
          testTimeout: 120_000,
          hookTimeout: 180_000,
          fileParallelism: false,
          pool: "forks",
        },
      },
    ],
  },
});
