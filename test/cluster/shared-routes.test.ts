import { expect, test } from "vitest";
import { SharedRoutes } from "../../src/cluster/shared-routes.ts";
import { createRouteLearner, type LearnedRoutes } from "../../src/normalize/route-learner.ts";

function anInstance() {
  const learner = createRouteLearner(1_000);
  const normalizer = {
    learnedRoutes: () => learner.learned(),
    learnRoutes: (other: LearnedRoutes) => learner.learn(other),
  };
  return { learner, routes: new SharedRoutes(normalizer) };
}

test("what one has learned, another knows", () => {
  const [one, other] = [anInstance(), anInstance()];
  one.learner.routeOf("/shop/offers", true);
  expect(other.learner.routeOf("/shop/offers", false)).toBe("/{unknown}");
  expect(other.routes.take(one.routes.news()!)).toBe(true);
  expect(other.learner.routeOf("/shop/offers", false)).toBe("/shop/offers");
});

test("nothing is told twice, nor what came from another", () => {
  const [one, other] = [anInstance(), anInstance()];
  one.learner.routeOf("/shop/offers", true);
  const news = one.routes.news()!;
  expect(one.routes.news()).toBeUndefined();
  other.routes.take(news);
  expect(other.routes.news()).toBeUndefined();
});

test("whoever knows more than it was told tells all of it, and in the end all know the same", () => {
  const [one, other] = [anInstance(), anInstance()];
  one.learner.routeOf("/shop/offers", true);
  other.learner.routeOf("/help/returns", true);
  other.routes.take(one.routes.news()!);
  one.routes.take(other.routes.news()!);
  expect([one.routes.news(), other.routes.news()]).toEqual([undefined, undefined]);
  for (const { learner } of [one, other]) expect(learner.routeOf("/help/returns", false)).toBe("/help/returns");
});

test("a place that takes any word does so for all", () => {
  const [one, other] = [anInstance(), anInstance()];
  const named = (i: number) => `/p/${"abcdefghij"[i % 10]}${"klmnopqrst"[Math.floor(i / 10) % 10]}x${"uvw"[i % 3]}`;
  for (let i = 0; i < 300; i++) one.learner.routeOf(named(i), true);
  other.routes.take(one.routes.news()!);
  expect(other.learner.routeOf("/p/never-heard-of", true)).toBe("/p/{var}");
});

test.for([
  ["no JSON", "{"],
  ["another version", JSON.stringify({ version: 2, routes: { open: false, children: [] } })],
  ["another shape", JSON.stringify({ version: 1, routes: { children: "all" } })],
] as const)("%s is left out", ([, text]) => {
  expect(anInstance().routes.take(text)).toBe(false);
});
