import { expect, test } from "vitest";
import { threadPoolProblem } from "../../src/store/thread-pool.ts";

test.for([
  ["enough", "16", /^none$/],
  ["more than enough", "64", /^none$/],
  ["not set: libuv takes four", undefined, /not set/],
  ["empty", "", /not set/],
  ["too few", "8", /"8"/],
  ["no number", "many", /"many"/],
] as const)("%s", ([, size, problem]) => {
  expect(threadPoolProblem(size) ?? "none").toMatch(problem);
});
