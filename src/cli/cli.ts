import { readFileSync } from "node:fs";
import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import { type InstanceRole, instanceRoles } from "../cluster/instance-role.ts";
import { configJsonSchema } from "../config-schema.ts";
import { GatewatchError } from "../errors.ts";
import { shippedPath } from "../shipped-path.ts";
import { addBacktestOptions, type BacktestArguments, backtestOptions } from "./backtest-options.ts";
import type { CliContext } from "./cli-context.ts";
import { describeError } from "./describe-error.ts";
import { runProxiesList, runProxiesRefresh } from "./proxies.ts";
import { runBaselines, runDecisions, runIncidents, runWhy } from "./questions.ts";
import { runService } from "./run.ts";
import { addScoreOptions, type ScoreArguments, scoreOptions } from "./score-options.ts";
import { addSimulateOptions, type SimulateArguments } from "./simulate-options.ts";
import { runStopBlocking } from "./stop-blocking.ts";
import { runToken } from "./token.ts";

/** Runs one command; `args` are those after the program's name. Returns the exit code, and never throws. */
export async function runCli(args: readonly string[], context: CliContext): Promise<number> {
  const outcome = { code: 0 };
  try {
    const program = buildProgram(context, outcome);
    const { operands, unknown } = program.parseOptions([...args]);
    // Not commander's default command: with one, a misspelt `stop-blocking` would start the service.
    const command = operands.length + unknown.length === 0 ? ["run"] : [];
    await program.parseAsync([...args, ...command], { from: "user" });
    return outcome.code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode; // it has already said what was wrong
    context.stderr(describeError(error));
    return error instanceof GatewatchError ? error.exitCode : 1;
  }
}

// helpers

/** The commands. Each writes its exit code to `outcome`. */
function buildProgram(context: CliContext, outcome: { code: number }): Command {
  const program = new Command("gatewatch")
    .description("Watches an API gateway's access logs: finds attacks and outages, pages people, and blocks.")
    .option("-c, --config <file>", "the configuration", "gatewatch.yaml")
    .version(version())
    .exitOverride()
    .configureOutput({ writeOut: context.stdout, writeErr: context.stderr });
  const configFile = () => program.opts<{ config: string }>().config;
  const command = (name: string, description: string) => program.command(name).description(description);
  const finish = async (code: number | Promise<number>) => {
    outcome.code = await code;
  };

  command("run", "run the service (the default)")
    .addOption(
      new Option("--role <role>", "what this instance of a cluster does").choices(instanceRoles).default("all"),
    )
    .action(({ role }: { role: InstanceRole }) => finish(runService({ configFile: configFile(), role }, context)));
  command("check", "validate configuration, detectors and runbooks without starting anything").action(() =>
    // Loaded when it is wanted: no detector or runbook may keep `stop-blocking` from working.
    finish(import("./check.ts").then(({ runCheck }) => runCheck(configFile(), context))),
  );
  command("try", "look for attacks in access logs on disk; starts and sends nothing")
    .argument("<files...>", "logs, plain or gzip")
    .option("--format <name>", "the logs' format", "auto")
    .option("--time-zone <zone>", "the zone of times that are logged without one (default: UTC)")
    .option("--json", "print JSON")
    .action((files: string[], options: { format: string; timeZone?: string; json?: boolean }) => {
      const given = program.getOptionValueSource("config") === "cli" ? configFile() : undefined;
      const { format, timeZone, json = false } = options;
      return finish(context.runTry({ files, format, timeZone, json, configFile: given }, context));
    });
  command("explain", "show how a log record is read: each field and where it is from, the client, who would look at it")
    .argument("[file]", "a log, plain or gzip; - is standard input", "-")
    .option("--line <text>", "the record itself, in place of a file")
    .option("--whole", "the file is one record, as a message of Kafka is; else each line is one")
    .option("--records <number>", "only the first so many records", positiveNumber)
    .option("--source <name>", "read it as this source of the configuration does")
    .option("--format <name>", "the log's format, in place of the source's")
    .option("--time-zone <zone>", "the zone of times that are logged without one, in place of the source's")
    .option("--json", "print one JSON object a log entry, each on one line")
    .action((file: string, options: ExplainArguments) => {
      const given = program.getOptionValueSource("config") === "cli" ? configFile() : undefined;
      const { line, whole = false, records, source, format, timeZone, json = false } = options;
      const wanted = { file, line, whole, records, source, format, timeZone, json, configFile: given };
      return finish(import("./explain.ts").then(({ runExplain }) => runExplain(wanted, context)));
    });
  addScoreOptions(
    command("score", "measure how well the detectors judge a simulated shop; starts and sends nothing"),
  ).action((options: ScoreArguments) => {
    const given = program.getOptionValueSource("config") === "cli" ? configFile() : undefined;
    return finish(import("./score.ts").then(({ runScore }) => runScore(scoreOptions(options, given), context)));
  });
  addSimulateOptions(
    command("simulate", "write the log of a shop that doesn't exist, with attacks and who made them"),
  ).action((options: SimulateArguments) =>
    finish(import("./simulate.ts").then(({ runSimulate }) => runSimulate(options, context))),
  );
  addBacktestOptions(
    command("backtest", "what detectors, or other thresholds, would have found, and whom they would have blocked"),
  ).action((files: string[], options: BacktestArguments) => {
    const given = program.getOptionValueSource("config") === "cli" ? configFile() : undefined;
    return finish(
      import("./backtest.ts").then(({ runBacktest }) => runBacktest(backtestOptions(files, options, given), context)),
    );
  });
  const endpoints = command("endpoints", "write the endpoint inventory: from an API description, or from traffic");
  endpoints
    .command("import")
    .description("print the endpoints of an OpenAPI 3 document, as configuration; fetches nothing")
    .argument("<file>", "the document, YAML or JSON; - is standard input")
    .option("--base-path <path>", "what stands in front of its paths in the log, instead of what its servers say")
    .action((file: string, { basePath }: { basePath?: string }) =>
      finish(
        import("./endpoints-import.ts").then(({ runEndpointsImport }) =>
          runEndpointsImport({ file, basePath }, context),
        ),
      ),
    );
  endpoints
    .command("discover")
    .description("print the endpoints seen in access logs, as configuration; starts and sends nothing")
    .argument("<files...>", "logs, plain or gzip; - is standard input")
    .option("--format <name>", "the logs' format", "auto")
    .action((files: string[], { format }: { format: string }) => {
      const given = program.getOptionValueSource("config") === "cli" ? configFile() : undefined;
      return finish(
        import("./endpoints-discover.ts").then(({ runEndpointsDiscover }) =>
          runEndpointsDiscover({ files, format, configFile: given }, context),
        ),
      );
    });
  command("stop-blocking", "let everyone in, at once; works without a running service")
    .option("--resume", "block again as the configuration says")
    .action(({ resume = false }: { resume?: boolean }) =>
      finish(runStopBlocking({ configFile: configFile(), resume }, context)),
    );
  command("why", "tell all that is known of an address, a user or a reference")
    .argument("<subject>", "an address, a user's id, or the reference a refused customer was shown")
    .option("--json", "print the service's answer as it is")
    .action((subject: string, { json = false }: { json?: boolean }) =>
      finish(runWhy(subject, { configFile: configFile(), json }, context)),
    );
  command("incidents", "list incidents that are not resolved")
    .option("--json", "print the service's answer as it is")
    .action(({ json = false }: { json?: boolean }) =>
      finish(runIncidents({ configFile: configFile(), json }, context)),
    );
  command("decisions", "list decisions that hold, or wait for a person")
    .option("--json", "print the service's answer as it is")
    .action(({ json = false }: { json?: boolean }) =>
      finish(runDecisions({ configFile: configFile(), json }, context)),
    );
  command("baselines", "tell what is usual now at each route, class and gateway")
    .option(
      "--of <measure>",
      "requests (a minute), errors, limited (shares), p90Ms, or perActor (in ten minutes)",
      "requests",
    )
    .option("--json", "print the service's answer as it is")
    .action(({ of, json = false }: { of: string; json?: boolean }) =>
      finish(runBaselines({ configFile: configFile(), of, json }, context)),
    );
  command("report", "tell what detectors found, and whom one blocked, or would have in dry run")
    .argument("[detector]", "a detector's id; all, in short, unless given")
    .option("--json", "print the service's answer as it is")
    .action((detector: string | undefined, { json = false }: { json?: boolean }) =>
      finish(
        import("./report.ts").then(({ runReport }) => runReport(detector, { configFile: configFile(), json }, context)),
      ),
    );
  const proxies = command("proxies", "the published address lists of CDNs and clouds that can be trusted by name");
  proxies
    .command("list")
    .description("show each list: of what day it is, how long, and where it is from")
    .option("--json", "print JSON")
    .action(({ json = false }: { json?: boolean }) =>
      finish(runProxiesList({ configFile: configFile(), json }, context)),
    );
  proxies
    .command("refresh")
    .description("download the published lists; a running service takes them over")
    .argument("[names...]", "cloudflare, cloudfront, fastly or azure; all unless named")
    .option("--url <url>", "where to get it from, in place of the provider's own address")
    .option("--force", "take a list that is much shorter than the one before")
    .action((names: string[], { url, force = false }: { url?: string; force?: boolean }) =>
      finish(runProxiesRefresh({ configFile: configFile(), names, url, force }, context)),
    );
  command("topics", "print what has to exist in Kafka for several instances, as commands that create it")
    .option("--json", "print JSON")
    .action(({ json = false }: { json?: boolean }) =>
      finish(import("./topics.ts").then(({ runTopics }) => runTopics({ configFile: configFile(), json }, context))),
    );
  command("token", "make a random token for the API, with the hash for the configuration").action(() =>
    finish(runToken(context)),
  );
  command("schema", "print the JSON Schema of the configuration").action(() => {
    context.stdout(`${JSON.stringify(configJsonSchema(), undefined, 2)}\n`);
  });
  return program;
}

interface ExplainArguments {
  readonly line?: string;
  readonly whole?: boolean;
  readonly records?: number;
  readonly source?: string;
  readonly format?: string;
  readonly timeZone?: string;
  readonly json?: boolean;
}

function positiveNumber(text: string): number {
  const number = Number(text);
  if (Number.isSafeInteger(number) && number > 0) return number;
  throw new InvalidArgumentError("Expected a whole number, at least 1.");
}

function version(): string {
  const read = JSON.parse(readFileSync(shippedPath("package.json"), "utf8")) as { version: string };
  return read.version;
}
