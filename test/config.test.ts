import { writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { loadConfig, loadSection, readConfig, type Environment } from "../src/config.ts";
import { describeError } from "../src/cli/describe-error.ts";
import { tempDirectory } from "./support/temp-directory.ts";

const source = "sources: [{ name: in, type: stdin }]\n";

describe("a good configuration", () => {
  test("one source is enough; the rest has defaults", async () => {
    const config = await loadConfig(write(source), {});
    expect(config.service).toMatchObject({ name: "gatewatch", shutdownAfter: 10_000, log: { level: "info" } });
    expect(config.store.type).toBe("embedded");
    expect(config.block.mode).toBe("observe");
    expect(config.api.listen).toEqual({ host: "127.0.0.1", port: 8080 });
    expect(config.crowdsec).toBeUndefined();
    expect(config.detectors).toEqual({ directories: [] });
  });

  test("durations become milliseconds, sizes bytes", async () => {
    const config = await loadConfig(
      write(`${source}detect: { lateness: 2m }\nstore: { type: embedded, journalBytes: 1GiB }\n`),
      {},
    );
    expect(config.detect.lateness).toBe(120_000);
    expect(config.store.journalBytes).toBe(1024 ** 3);
  });

  test("paths are relative to the file", async () => {
    const file = write(`
service: { dataDirectory: state }
sources:
  - { name: a, type: file, path: logs/access.log }
  - { name: b, type: kafka, brokers: ["k:9092"], topic: t, tls: { ca: ca.pem, serverName: k } }
geo: { database: geo/own.mmdb }
detectors: { directories: [detectors] }
runbooks: { directories: [/etc/gatewatch/runbooks] }
`);
    const here = dirname(file);
    const config = await loadConfig(file, {});
    expect(config.service.dataDirectory).toBe(join(here, "state"));
    expect(config.sources).toMatchObject([
      { path: join(here, "logs/access.log") },
      { tls: { ca: join(here, "ca.pem"), cert: undefined, serverName: "k" } },
    ]);
    expect(config.geo.database).toBe(join(here, "geo/own.mmdb"));
    expect(config.detectors.directories).toEqual([join(here, "detectors")]);
    expect(config.runbooks.directories).toEqual(["/etc/gatewatch/runbooks"]);
  });

  test.for(["default", "none"])("geo.database: %s is no path", async (database) => {
    const config = await loadConfig(write(`${source}geo: { database: ${database} }\n`), {});
    expect(config.geo.database).toBe(database);
  });
});

describe("problems", () => {
  test("each has its path, its line and an example; they come in the order of the file", async () => {
    const file = write("sources:\n  - name: edge\n    type: kafka\n    topic: t\n\nservice:\n  shutdownAfter: 5\n");
    const result = await readConfig(file, {});
    expect(result).toMatchObject({
      kind: "bad",
      problems: [
        {
          file,
          line: 2,
          path: "sources[0].brokers",
          message: "is missing; expected a list (Brokers to ask first)",
          example: "brokers: [ kafka-1:9092 ]",
        },
        {
          file,
          line: 7,
          path: "service.shutdownAfter",
          message: expect.stringMatching(/^expected text .* found a number$/) as string,
          example: "shutdownAfter: 10s",
        },
      ],
      rules: { runbooks: { directories: [] } },
    });
  });

  test("several instances can't share an embedded store, or lines that come to one of them", async () => {
    const text = "sources:\n  - { name: in, type: http }\ncluster: { brokers: [kafka:9092] }\n";
    expect(await readConfig(write(text), {})).toMatchObject({
      kind: "bad",
      problems: [
        { path: "store", message: expect.stringContaining("expected a server") as string },
        { path: "sources[0].type", message: expect.stringContaining("expected kafka") as string },
      ],
    });
  });

  test("a missing file is CONFIG_NOT_FOUND, exit code 2", async () => {
    const error = await loadConfig("/no/such/gatewatch.yaml", {}).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "CONFIG_NOT_FOUND", exitCode: 2 });
  });

  test("broken bytes never throw anything but problems", async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: "binary", maxLength: 200 }), async (text) => {
        expect((await readConfig(write(text), {})).kind).toBe("bad");
      }),
      { numRuns: 50 },
    );
  });

  test("aliases that multiply are refused", async () => {
    const levels = Array.from({ length: 12 }, (_, i) => `l${i + 1}: &l${i + 1} [${`*l${i}, `.repeat(9)}*l${i}]`);
    const result = await readConfig(write(`l0: &l0 x\n${levels.join("\n")}\n`), {});
    expect(result).toMatchObject({ kind: "bad", problems: [{ message: expect.stringContaining("too many aliases") }] });
  });
});

describe("secrets never appear in what is printed", () => {
  const secret = "hunter2-correct-horse";
  const env: Environment = { PW: secret };
  test.for([
    ["as a wrong value", 'sources: [{ name: "${PW}", type: "${PW}", format: "${PW}" }]'],
    ["as the name of a team", `${source}endpoints: [{ method: GET, route: /x, class: login, owner: "\${PW}" }]`],
    ["as a URL", `${source}channels: { s: { type: slack, url: "http://\${PW}.example" } }`],
    ["as an enumeration", `${source}block: { mode: "\${PW}" }`],
    ["as a number", `${source}detect: { clients: "\${PW}" }`],
    ["written into the file itself", `${source}privacy: { pseudonymKey: [${secret}] }`],
    ["as an alias", `${source}privacy: { pseudonymKey: *${secret} }`],
    ["as a tag", `${source}privacy: { pseudonymKey: !${secret} x }`],
    ["beside a syntax error", `${source}privacy: { pseudonymKey: "${secret}"\nteams: {`],
    ["as a name of a variable", `${source}privacy: { pseudonymKey: "\${${secret} !}" }`],
    ["twice as a name", 'sources: [{ name: "${PW}", type: http }, { name: "${PW}", type: stdin }]'],
  ] as const)("%s", async ([, text]) => {
    const error = await loadConfig(write(text), env).catch((thrown: unknown) => thrown);
    const printed = describeError(error);
    expect(printed).toContain("CONFIG_INVALID");
    expect(printed).not.toContain(secret);
  });
});

describe("one section alone", () => {
  test("is read although another lacks its secret", async () => {
    const file = write('service: { dataDirectory: state }\nchannels: { s: { type: slack, url: "${NOT_SET}" } }\n');
    expect(await loadSection({ file, env: {} }, "service")).toMatchObject({ dataDirectory: "state" });
    expect(await loadSection({ file, env: {} }, "api")).toMatchObject({ listen: { port: 8080 } });
  });

  test("tells its own problems, with their paths in the file", async () => {
    const file = write("api: { listen: 8080 }\nservce: {}\n");
    const error = await loadSection({ file, env: {} }, "api").catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ problems: [{ path: "api.listen", line: 1 }] });
  });
});

// helpers

function write(text: string): string {
  const file = join(tempDirectory(), "gatewatch.yaml");
  writeFileSync(file, text);
  return file;
}
