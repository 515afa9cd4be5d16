import { defineConfig } from "vitest/config";

const slow = ["test/integration/**/*.test.ts"];

export default defineConfig({
  test: {
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
