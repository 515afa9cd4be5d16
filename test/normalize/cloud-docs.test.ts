import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { expect, test } from "vitest";
import { awsApiGateway } from "../../src/normalize/formats/aws-api-gateway.ts";
import { cloudflare } from "../../src/normalize/formats/cloudflare.ts";
import { formatsConfig } from "../../src/normalize/formats-config.ts";
import { providedFields } from "../../src/normalize/provided-fields.ts";
import { customFormat } from "../../src/normalize/custom-format.ts";

const docs = readFileSync(new URL("../../docs/formats.md", import.meta.url), "utf8");

test("every key of the template for API Gateway is read, and `outcome`, `gatewatch` and `attributes` stand last", () => {
  const template = block("## AWS API Gateway", "json");
  const keys = Object.keys(JSON.parse(template) as object);
  expect(keys.filter((key) => !(key in awsApiGateway.keys))).toEqual([]);
  expect(keys[0]).toBe("userAgent");
  expect(keys.slice(-3)).toEqual(["outcome", "gatewatch", "attributes"]);
});

test("every field listed for Cloudflare is read", () => {
  const fields = block("## Cloudflare", "text").split(/\s+/);
  expect(fields.filter((field) => !(field in cloudflare.keys))).toEqual([]);
});

test("the list for CloudFront is a valid one, and tells all that CloudFront can", () => {
  const { formats } = parse(block("## CloudFront", "yaml")) as { formats: unknown };
  const { cdn } = formatsConfig.parse(formats);
  const provided = providedFields(customFormat("cdn", cdn ?? {}));
  expect(provided).toEqual(
    expect.arrayContaining([
      "clientIp",
      "durationMs",
      "upstreamMs",
      "answeredBy",
      "userAgent",
      "country",
      "asn",
      "requestId",
    ]),
  );
});

/** The first block of a language under a heading. */
function block(heading: string, language: string): string {
  const section = docs.slice(docs.indexOf(`\n${heading}\n`));
  const start = section.indexOf(`\`\`\`${language}\n`) + language.length + 4;
  return section.slice(start, section.indexOf("\n```", start));
}
