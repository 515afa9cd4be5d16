import type { Logger } from "pino";
import { sleep } from "../clock.ts";
import type { InstanceRole } from "../cluster/instance-role.ts";
import { type Config, loadConfig, readConfig } from "../config.ts";
import type { CliContext, RunningService } from "./cli-context.ts";

/**
 * `gatewatch run`: the service, until a signal or until it ends by itself. The first SIGINT or
 * SIGTERM drains within `service.shutdownAfter`, a second one ends the process at once; SIGHUP reads
 * the configuration anew. Returns the exit code.
 */
export async function runService(
  { configFile, role }: { readonly configFile: string; readonly role: InstanceRole },
  context: CliContext,
): Promise<number> {
  const { clock, env } = context;
  let config = await loadConfig(configFile, env);
  const log = context.createLog({ level: config.service.log.level, name: config.service.name });
  const asked = Promise.withResolvers<string>();
  const running: { service?: RunningService } = {};
  const unhook = hook({ asked: asked.resolve, running, log, context });
  try {
    for (;;) {
      const starting = context.startApp({ config, configFile, role, env, log, clock });
      // A start can wait long for a broker or a store; whoever asks it to stop meanwhile is heard.
      const service = await Promise.race([starting, asked.promise.then(() => onceStarted(starting))]);
      running.service = service;
      const lost = service.lost?.then((why) => ({ why }));
      const reason = await Promise.race([asked.promise, service.ended.then(() => "ended"), ...(lost ? [lost] : [])]);
      const deadlineMs = config.service.shutdownAfter;
      if (typeof reason === "string") return await stopWithin(deadlineMs, { service, reason, log, context });
      log.warn({ reason: reason.why }, "this instance leads no more; it starts over, ready to take over");
      // What doesn't end in time would go on beside the new one: the process has to go.
      if ((await stopWithin(deadlineMs, { service, reason: reason.why, log, context })) !== 0) return 1;
      config = (await changed(configFile, env)) ?? config;
    }
  } catch (error) {
    // `ended` rejected: what can still be saved is saved before the error is shown.
    if (running.service) {
      await stopWithin(config.service.shutdownAfter, { service: running.service, reason: "failed", log, context });
    }
    throw error;
  } finally {
    unhook();
  }
}

// helpers

const sameSignalMs = 1_000;

const signalNumbers = { SIGINT: 2, SIGTERM: 15 } as const;

/** A service that is still starting, as far as it can be stopped: once it has started, or failed to. */
function onceStarted(starting: Promise<RunningService>): RunningService {
  return {
    stop: async (reason) => (await starting).stop(reason),
    ended: new Promise(() => {}),
    reload: async () => (await starting).reload(),
  };
}

/** The configuration as it is now; what is wrong with it was told when it changed. */
async function changed(configFile: string, env: CliContext["env"]): Promise<Config | undefined> {
  const now = await readConfig(configFile, env);
  return now.kind === "good" ? now.config : undefined;
}

/** Listens to signals and crashes, before anybody else; the result ends it. */
function hook(options: {
  asked: (reason: string) => void;
  running: { service?: RunningService };
  log: Logger;
  context: CliContext;
}): () => void {
  const { asked, running, log, context } = options;
  let stoppingSince: number | undefined;
  const onStop = (signal: keyof typeof signalNumbers) => {
    const now = context.clock.monotonic();
    // One Ctrl-C reaches the process several times when it was started through others that pass it on.
    if (stoppingSince !== undefined && now - stoppingSince < sameSignalMs) return;
    if (stoppingSince !== undefined) return context.exit(128 + signalNumbers[signal]);
    stoppingSince = now;
    log.info({ signal }, "stopping; a second signal ends the process at once");
    asked(signal);
  };
  const onCrash = (error: unknown) => {
    log.error({ err: error }, "a bug: an error nobody handled; the process ends, and goes on from what it saved");
    context.exit(1);
  };
  const onReload = () => {
    log.info("reading the configuration anew");
    void running.service?.reload();
  };
  const listeners = [
    ["SIGINT", () => onStop("SIGINT")],
    ["SIGTERM", () => onStop("SIGTERM")],
    ["SIGHUP", onReload],
    ["unhandledRejection", onCrash],
    ["uncaughtException", onCrash],
  ] as const;
  for (const [name, listener] of listeners) context.signals.prependListener(name, listener);
  return () => {
    for (const [name, listener] of listeners) context.signals.off(name, listener);
  };
}

/** Stops the service; 0 when it had drained by the deadline, else 1. */
async function stopWithin(
  deadlineMs: number,
  options: { service: RunningService; reason: string; log: Logger; context: CliContext },
): Promise<number> {
  const { service, reason, log, context } = options;
  const finished = new AbortController();
  const stopped = service.stop(reason).then(() => "stopped" as const);
  const late = sleep(context.clock, deadlineMs, finished.signal).then(() => "late" as const);
  const outcome = await Promise.race([stopped, late]).finally(() => finished.abort());
  if (outcome === "stopped") {
    log.info({ reason }, "stopped");
    return 0;
  }
  log.error({ reason, deadlineMs }, "not drained in time; the next start goes on from what was saved");
  return 1;
}
