import { EventEmitter } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { systemClock } from "../../src/clock.ts";
import { runCli } from "../../src/cli/cli.ts";
import { progressLine } from "../../src/cli/simulate-progress.ts";
import { endpointsConfig } from "../../src/normalize/endpoint-config.ts";
import type { SimulationLabels } from "../../src/simulate/label.ts";
import { testCliContext } from "../support/cli-context.ts";
import { tempDirectory } from "../support/temp-directory.ts";

async function run(...args: string[]) {
  const { context, printed } = testCliContext();
  const code = await runCli(["simulate", ...args], context);
  return { code, ...printed };
}

describe("gatewatch simulate", () => {
  test("writes lines, labels and endpoints to files", async () => {
    const directory = tempDirectory();
    const [log, labels, endpoints] = ["shop.log", "labels.json", "endpoints.yaml"].map((name) => join(directory, name));
    const { code, stdout, stderr } = await run(
      ...["--for", "40m", "--rate", "5", "--attacks", "credential-stuffing,low-and-slow", "--intensity", "10"],
      ...["--out", log!, "--labels", labels!, "--endpoints", endpoints!],
    );
    expect({ code, stdout, stderr }).toEqual({
      code: 0,
      stdout: "",
      stderr: "low-and-slow did not take place: the run is too short: it takes 300 min\n",
    });
    const lines = readFileSync(log!, "utf8").trimEnd().split("\n");
    const told = JSON.parse(readFileSync(labels!, "utf8")) as SimulationLabels;
    expect(lines).toHaveLength(told.lines.requests + told.lines.shopEvents);
    const [attack] = told.attacks;
    expect(attack).toMatchObject({ kind: "credential-stuffing", intensity: 10, floor: { floor: 8 } });
    const ip = attack!.entities.find(({ scope }) => scope === "ip")!.value.replace("::/64", ":");
    expect(lines.filter((line) => line.includes(`"${ip}`) && !line.startsWith('{"event"'))).toHaveLength(160);
    const { endpoints: list } = parse(readFileSync(endpoints!, "utf8")) as { endpoints: unknown };
    expect(endpointsConfig.parse(list).find(({ route }) => route === "/api/payments")?.attempts).toBe("shop");
  });

  test("writes to standard output, in any format", async () => {
    const { code, stdout } = await run("--for", "5s", "--rate", "20", "--format", "nginx-combined", "--out", "-");
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^\S+ - - \[24\/Aug\/2026:07:00:00 \+0000\] "[A-Z]+ \/\S+ HTTP\/1.1" \d{3} \d+ "-" "[^"]+"\n/,
    );
    expect((await run("--for", "5s", "--rate", "20", "--format", "nginx-combined")).stdout).toBe(stdout);
    const other = await run("--for", "5s", "--rate", "20", "--format", "nginx-combined", "--seed", "2");
    expect(other.stdout).not.toBe(stdout);
  });

  test("lists what there is", async () => {
    const { code, stdout } = await run("--list");
    expect(code).toBe(0);
    expect(stdout).toContain("  payment-storm                 The payment provider fails\n");
    expect(stdout).toContain("  flash-sale ");
    expect(stdout).toContain("enriched-kong");
  });

  test.for([
    [
      "an attack that doesn't exist",
      ["--attacks", "credential-stufing"],
      "There is no attack credential-stufing. Did you mean credential-stuffing?",
    ],
    [
      "a stressor that doesn't exist",
      ["--stressors", "flashsale"],
      "There is no stressor flashsale. Did you mean flash-sale?",
    ],
    ["a format that doesn't exist", ["--format", "xml"], "There is no format xml."],
    [
      "a file that can't be written",
      ["--for", "1s", "--out", "/no/such/folder/x"],
      "/no/such/folder/x can't be written (ENOENT).",
    ],
    [
      "labels that can't be written, before anything is",
      ["--for", "1s", "--labels", "/no/such/folder/x"],
      "/no/such/folder/x can't be written (ENOENT).",
    ],
    ["two places at once", ["--out", "x", "--http", "http://127.0.0.1:1/v1/logs"], "Lines go to one place only."],
    ["a span that is none", ["--for", "soon"], "Expected a time span"],
    ["a speed that is none", ["--speed", "fast"], "Expected max, realtime, or a factor as 10x."],
    ["an intensity that is none", ["--intensity", "5"], "Expected 10, 3, 1.2, 0.8 or mixed."],
    ["a time without its zone", ["--start", "2026-08-24"], "Expected a time with its zone"],
    ["a topic without brokers", ["--kafka", "access-logs"], "Expected brokers and a topic"],
    ["a rate of nothing", ["--rate", "0"], "Expected a number above 0"],
    ["an address that is none", ["--http", "localhost"], "Expected an address"],
  ] as const)("says what is wrong: %s", async ([, args, message]) => {
    const { code, stderr } = await run(...args);
    expect(code).toBe(1);
    expect(stderr).toContain(message);
  });

  test("ends early, and whole, when it is told to", async () => {
    const directory = tempDirectory();
    const [log, labels] = [join(directory, "shop.log"), join(directory, "labels.json")];
    const signals = new EventEmitter();
    const { context } = testCliContext({ signals });
    const running = runCli(["simulate", "--for", "30d", "--rate", "1000", "--out", log, "--labels", labels], context);
    while (!existsSync(log)) await new Promise((resolve) => setTimeout(resolve, 5));
    signals.emit("SIGINT");
    expect(await running).toBe(0);
    const text = readFileSync(log, "utf8");
    expect(text.endsWith("}\n")).toBe(true);
    const { lines } = JSON.parse(readFileSync(labels, "utf8")) as SimulationLabels;
    expect(text.trimEnd().split("\n")).toHaveLength(lines.requests + lines.shopEvents);
  });
});

test("a person at a terminal sees how far it is, and at the end how fast it was", async () => {
  const { context, printed } = testCliContext({ stderrIsTerminal: true, clock: systemClock });
  const file = join(tempDirectory(), "shop.log");
  await runCli(["simulate", "--for", "1s", "--rate", "20", "--speed", "realtime", "--out", file], context);
  const shown = printed.stderr.split("\r\u001b[K");
  expect(shown.filter((line) => /^\[[#.]{30}\] +\d+ %  \d+ lines, \d+ a second$/.test(line)).length).toBeGreaterThan(1);
  const count = readFileSync(file, "utf8").trimEnd().split("\n").length;
  expect(shown.at(-1)).toMatch(new RegExp(`^${count} lines, \\d+ a second, in \\d+\\.\\d s\\n$`));
});

test.for([
  [0, 0, 0, "[..............................]   0 %  0 lines, 0 a second"],
  [0.5, 1_234_567, 4, "[###############...............]  50 %  1,234,567 lines, 308,642 a second"],
  [1, 10, 1, "[##############################] 100 %  10 lines, 10 a second"],
] as const)("progress at %d", ([share, lines, seconds, text]) => {
  expect(progressLine({ share, lines, seconds })).toBe(text);
});
