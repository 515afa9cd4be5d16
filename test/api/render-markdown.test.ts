import { expect, test } from "vitest";
import { createMarkdownRenderer } from "../../src/api/render-markdown.ts";

const render = createMarkdownRenderer();

test.for([
  ["a script", "<script>alert(1)</script>", /&lt;script&gt;/],
  ["an event handler", '<img src=x onerror="alert(1)">', /&lt;img/],
  ["a script's address", "[a](javascript:alert(1))", /^<p>\[a\]/],
  ["the same, encoded", "[a](&#106;avascript:alert(1))", /^<p>\[a\]/],
  ["a data address", "[a](data:text/html,<script>1</script>)", /^<p>\[a\]/],
])("%s stays text", ([, markdown, shown]) => {
  const html = render(markdown as string);
  expect(html).toMatch(shown as RegExp);
  expect(html).not.toMatch(/<script|<img|href/i);
});

test("what Markdown means is rendered", () => {
  expect(render("## To do\n\n1. Look at `status`\n")).toBe(
    "<h2>To do</h2>\n<ol>\n<li>Look at <code>status</code></li>\n</ol>\n",
  );
});
