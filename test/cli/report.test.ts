import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { runCli } from "../../src/cli/cli.ts";
import { testCliContext } from "../support/cli-context.ts";
import { sampleDetectors, sampleReport } from "../support/detector-samples.ts";
import { tempDirectory } from "../support/temp-directory.ts";

describe("gatewatch report", () => {
  test("without a detector: all, those on trial first", async () => {
    const { lines, asked } = await run([], { detectors: sampleDetectors() });
    expect(asked).toEqual(["/v1/detectors"]);
    expect(lines.map((line) => line.split(/ {2,}/).slice(0, 3))).toEqual([
      ["impossible-travel", "dry run", "reduced"],
      ["credential-stuffing", "active", "full"],
      ["payment-storm", "active", "blind"],
      ["rate-limit-burst", "active", "waiting"],
      ["country-surge", "off", ""],
    ]);
    expect(lines[0]).toContain("14 detections, 1 going on, 9 blocked (2 customers)");
  });

  test("of a dry run: whom it would have blocked, other thresholds, and how it is let act", async () => {
    const { lines, asked } = await run(["impossible-travel"], { report: sampleReport() });
    expect(asked).toEqual(["/v1/detectors/impossible-travel/report"]);
    expect(lines).toEqual([
      "A user in two places (impossible-travel), dry run: since 2026-08-20 07:00:00 (UTC), 50h",
      "14 detections, 6.72 a day (1 going on, 2 more not confirmed)",
      "  4 of userId u-8812",
      "  1 of userId u-17",
      "about 11 clients or users (2 had bought, 5 had signed in before)",
      "would have told people 3 times, 1.44 a day",
      "would have blocked 9 (1 had bought, 1 had signed in before), 4.32 a day",
      "  would have refused 812 requests, which named 5 users; 31 succeeded (4 sign-ins, 2 of a purchase)",
      "a person asked about 2",
      "refused by the guard: 3",
      "  by its rules: users-behind-address 2, confidence 3",
      "  2026-08-22 07:00:00  blocked    ban of user u-8812, who had bought: would have refused 40 requests, which named 1 user; 3 succeeded (1 sign-in, 2 of a purchase)",
      expect.stringContaining("kilometresPerHour: 1000 → 1250 would have fired 5.3 instead of 6.7 times a day"),
      expect.stringContaining("kilometresPerHour: 40 times a key came to half of 1000 or more"),
      "  detections, by its value: 500: 40, now 1000: 14, 1250: 11",
      "with the values that are suggested: detectors: { impossible-travel: { mode: dry-run, params: { kilometresPerHour: 1250 } } }",
      "to let it act: detectors: { impossible-travel: { mode: active } }",
    ]);
  });

  test("of a detector that acts: what it did", async () => {
    const over = { mode: "active", aDay: undefined, adjust: undefined, promote: undefined, since: undefined } as const;
    const { lines } = await run(["x"], { report: sampleReport(over) });
    expect(lines[0]).toBe("A user in two places (impossible-travel), active: no events yet");
    expect(lines).toContain("told people 3 times");
    expect(lines.join("\n")).not.toMatch(/to let it act|would have blocked|half of/);
  });

  test("a key from a log line moves no cursor", async () => {
    const { lines } = await run(["x"], { report: sampleReport({ keys: [{ key: "userId a\u001b[2J\nb", times: 2 }] }) });
    expect(lines[2]).toBe("  2 of userId a?[2J?b");
  });

  test("--json prints the answer as it is", async () => {
    const { stdout } = await run(["impossible-travel", "--json"], { report: sampleReport(), more: 1 });
    expect(JSON.parse(stdout)).toEqual(JSON.parse(JSON.stringify({ report: sampleReport(), more: 1 })));
  });

  test("a detector that is not there, or off", async () => {
    const { code, stderr } = await run(
      ["none"],
      { error: { code: "NOT_FOUND", message: "There is no detector none that runs." } },
      404,
    );
    expect([code, stderr]).toEqual([1, expect.stringContaining("answered 404: There is no detector none that runs.")]);
  });
});

// helpers

async function run(args: readonly string[], answer: object, status = 200) {
  const asked: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url);
    response.statusCode = status;
    response.end(JSON.stringify(answer));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const file = join(tempDirectory(), "gatewatch.yaml");
  writeFileSync(file, `api: { listen: "127.0.0.1:${(server.address() as AddressInfo).port}" }\n`);
  const { context, printed } = testCliContext({ fetch });
  const code = await runCli(["-c", file, "report", ...args], context);
  return { code, ...printed, asked, lines: printed.stdout.split("\n").slice(0, -1) };
}
