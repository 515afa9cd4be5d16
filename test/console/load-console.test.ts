import { describe, expect, test } from "vitest";
import { loadConsole } from "../../src/console/load-console.ts";
import { createTestApi } from "../support/test-api.ts";

const pages = await loadConsole();
const texts = pages.map(({ routes, body }) => [routes[0] as string, body.toString()] as const);
const scripts = texts.filter(([name]) => name.endsWith(".js"));

describe("serving", () => {
  const { app } = createTestApi({ pages });

  test.for(["/", "/incidents/inc_1", "/runbooks/credential-stuffing", "/detectors", "/detectors/scraping"])(
    "%s is the document",
    async (url) => {
      const answer = await app.inject({ url });
      expect(answer.statusCode).toBe(200);
      expect(answer.headers["content-type"]).toBe("text/html; charset=utf-8");
      expect(answer.body).toContain("/console/console.js");
    },
  );

  test("a file that did not change is not sent again", async () => {
    const first = await app.inject({ url: "/console/console.js" });
    expect(first.headers["content-type"]).toBe("text/javascript; charset=utf-8");
    expect(first.headers["cache-control"]).toBe("no-cache");
    const etag = first.headers.etag as string;
    for (const tag of [etag, `W/${etag}`, `"other", ${etag}`, "*"]) {
      const again = await app.inject({ url: "/console/console.js", headers: { "if-none-match": tag } });
      expect([again.statusCode, again.body]).toEqual([304, ""]);
    }
    const other = await app.inject({ url: "/console/console.js", headers: { "if-none-match": '"other"' } });
    expect(other.statusCode).toBe(200);
    expect((await app.inject({ url: "/console/console.css" })).headers.etag).not.toBe(etag);
  });

  test("every file that is referred to is there", async () => {
    const names = texts.flatMap(([, text]) => [
      ...[...text.matchAll(/(?:href|src)="(\/console\/[^"]+)"/g)].map((match) => match[1] as string),
      ...[...text.matchAll(/from "\.\/([^"]+)"/g)].map((match) => `/console/${match[1]}`),
    ]);
    expect(names.length).toBeGreaterThan(20);
    const answers = await Promise.all(names.map(async (url) => [url, (await app.inject({ url })).statusCode]));
    expect(answers).toEqual(names.map((url) => [url, 200]));
  });
});

describe("the page's files", () => {
  test("nothing in it takes text for HTML, or runs it", () => {
    for (const [name, text] of scripts) {
      expect(`${name} ${text}`).not.toMatch(
        /innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function/,
      );
    }
    expect(scripts.filter(([, text]) => text.includes("DOMParser")).map(([name]) => name)).toEqual([
      "/console/steps.js",
    ]);
  });

  test("the document has no inline script, style or handler, and asks nobody else for anything", () => {
    const [, html] = texts.find(([name]) => name === "/") ?? ["", ""];
    expect(html).not.toMatch(/<style|<script>| style=| on[a-z]+=/i);
    expect(html).not.toMatch(/(src|<link[^>]+href)="https?:/);
  });

  test("only one file reads the time", () => {
    const readers = scripts.filter(([, text]) => /Date\.now|setTimeout|setInterval|new Date\(\)/.test(text));
    expect(readers.map(([name]) => name)).toEqual(["/console/time.js"]);
  });

  test("the footer names the sources of places and networks, as their licences ask", () => {
    const [, html] = texts.find(([name]) => name === "/") ?? ["", ""];
    for (const site of ["db-ip.com", "www.routeviews.org", "www.nro.net"])
      expect(html).toContain(`href="https://${site}"`);
  });
});
