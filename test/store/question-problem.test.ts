import { expect, test } from "vitest";
import { questionProblem } from "../../src/store/question-problem.ts";

test.for([
  ["a plain question", "SELECT count() FROM incidents"],
  ["a semicolon at the end", "SELECT 1;\n  "],
  ["a semicolon and a comment at the end", "SELECT 1; -- done\n/* really; */"],
  ["a semicolon in a literal", "SELECT 'a;b', 'it''s; c' FROM t"],
  ["a semicolon in a quoted name", 'SELECT "a;b", `c;d` FROM t'],
] as const)("allows %s", ([, sql]) => {
  expect(questionProblem(sql)).toBeUndefined();
});

test.for([
  ["a second statement", "SELECT 1; SELECT 2", /one question/],
  ["a second statement behind a literal", "SELECT 'a\\'; b'; DROP TABLE t", /one question/],
  ["a second statement behind a comment", "SELECT 1 -- '\n; DROP TABLE t -- '", /one question/],
  ["a file", "SELECT 1 INTO OUTFILE '/tmp/x'", /file/],
  ["a file with a comment in between", "select 1 into/**/outfile '/tmp/x'", /file/],
  ["a file behind a heredoc", "SELECT $$'$$ INTO OUTFILE '/tmp/x' -- '", /file/],
] as const)("refuses %s", ([, sql, problem]) => {
  expect(questionProblem(sql)).toMatch(problem);
});
