import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { compareCase } from "../../scripts/parser-tests/compare-case.ts";
import { hubCases } from "../../scripts/parser-tests/hub-cases.ts";
import { logstashCases } from "../../scripts/parser-tests/logstash-cases.ts";

let checkout = "";
const line = String.raw`203.0.113.7 - - [22/Aug/2026:09:14:07 +0000] "GET /cart?a=\"b\" HTTP/1.1" 404 5 "-" "curl"`;
const errorLine = "2026/08/22 09:14:08 [error] 31#31: *46 not found, client: 203.0.113.7";

beforeAll(() => {
  checkout = mkdtempSync(path.join(tmpdir(), "checkout-"));
  const hub = path.join(checkout, ".tests", "nginx-example");
  mkdirSync(hub, { recursive: true });
  writeFileSync(path.join(hub, "config.yaml"), "parsers:\n- crowdsecurity/nginx-logs\nlog_file: a.log\n");
  writeFileSync(path.join(hub, "a.log"), `${line}\n${errorLine}\n`);
  const at = (stage: string, parser: string) => `results["${stage}"]["crowdsecurity/${parser}"][0]`;
  const [parsed, dated] = [at("s01-parse", "nginx-logs"), at("s02-enrich", "dateparse-enrich")];
  const asserts = [
    `${parsed}.Success == true`,
    `${parsed}.Evt.Parsed["message"] == ${JSON.stringify(line)}`,
    `${parsed}.Evt.Meta["source_ip"] == "203.0.113.7"`,
    `${parsed}.Evt.Meta["http_path"] == "/cart?a=b"`,
    `${parsed}.Evt.Meta["http_status"] == "404"`,
    `${parsed}.Evt.Meta["log_type"] == "http_access-log"`,
    `${dated}.Evt.Parsed["message"] == ${JSON.stringify(line)}`,
    `${dated}.Evt.Enriched["MarshaledTime"] == "2026-08-22T09:14:07Z"`,
  ];
  writeFileSync(path.join(hub, "parser.assert"), asserts.join("\n"));

  const specs = path.join(checkout, "spec", "patterns");
  mkdirSync(specs, { recursive: true });
  const spec = [
    `describe_pattern "HTTPD_COMBINEDLOG", ['legacy', 'ecs-v1'] do`,
    `  context "a case" do`,
    `    let(:message) do`,
    `      '203.0.113.7 - - [22/Aug/2026:09:14:07 +0000] ' +`,
    `      '"GET /cart HTTP/1.1" 404 5'`,
    `    end`,
    `    it "matches" do`,
    `      expect(grok).to include('clientip' => '203.0.113.7', 'verb' => 'GET', 'request' => '/cart', 'response' => '404')`,
    `      expect(grok).to include("timestamp" => "22/Aug/2026:09:14:07 +0000")`,
    `    end`,
    `  end`,
    `end`,
  ];
  for (const name of ["httpd", "haproxy", "aws"]) {
    writeFileSync(path.join(specs, `${name}_spec.rb`), name === "httpd" ? spec.join("\n") : "");
  }
});

afterAll(() => rmSync(checkout, { recursive: true }));

const time = Date.UTC(2026, 7, 22, 9, 14, 7);

test("a test of CrowdSec's hub", () => {
  const name = "nginx-example line 1";
  const expected = { client: "203.0.113.7", method: undefined, path: "/cart?a=b", status: 404, time };
  expect(hubCases(checkout)).toEqual([
    { suite: "CrowdSec nginx", name, line, expected },
    { suite: "CrowdSec nginx", name: "nginx-example line 2", line: errorLine, expected: undefined },
  ]);
});

test("a spec of Logstash's patterns", () => {
  const [first, ...others] = logstashCases(checkout);
  expect(others).toEqual([]);
  expect(first).toMatchObject({ suite: "Logstash httpd", name: "HTTPD_COMBINEDLOG: a case" });
  expect(first?.line).toBe('203.0.113.7 - - [22/Aug/2026:09:14:07 +0000] "GET /cart HTTP/1.1" 404 5');
  expect(first?.expected).toEqual({ client: "203.0.113.7", method: "GET", path: "/cart", status: 404, time });
});

test.for([
  ["the same", { client: "203.0.113.7", path: "/cart?x=1", status: 404, time }, []],
  ["nothing said", {}, []],
  ["another client", { client: "203.0.113.8" }, ["client: 203.0.113.7, expected 203.0.113.8"]],
  ["another status", { status: 200 }, ["status: 404, expected 200"]],
  ["another path", { path: "/" }, ["path: /cart, expected /"]],
  ["another time", { time: time + 1000 }, ["time: 2026-08-22T09:14:07.000Z, expected 2026-08-22T09:14:08.000Z"]],
  ["no access record", undefined, ["read, expected no access record"]],
] as const)("compares: %s", ([, expected, differences]) => {
  expect(compareCase({ suite: "", name: "", line, expected }, []).differences).toEqual(differences);
});

test("a line that is not read differs", () => {
  const { differences, rejected } = compareCase({ suite: "", name: "", line: errorLine, expected: {} }, []);
  expect(rejected).toBe("unknown_format");
  expect(differences).toHaveLength(1);
});
