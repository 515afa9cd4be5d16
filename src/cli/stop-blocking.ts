import { mkdir } from "node:fs/promises";
import { userInfo } from "node:os";
import { dirname, join, resolve } from "node:path";
import { StopSwitch } from "../block/stop-switch.ts";
import { loadSection } from "../config.ts";
import { GatewatchError } from "../errors.ts";
import type { CliContext } from "./cli-context.ts";

/** The file that stops all blocking while it is there. */
export function stopBlockingFile(dataDirectory: string): string {
  return join(dataDirectory, "stop-blocking");
}

/**
 * `gatewatch stop-blocking`: lets everyone in, by a file that the service watches. Needs no running
 * service, no store, and of the configuration only where its data is.
 */
export async function runStopBlocking(
  options: { readonly configFile: string; readonly resume: boolean },
  context: CliContext,
): Promise<number> {
  const { configFile, resume } = options;
  const { dataDirectory } = await loadSection({ file: configFile, env: context.env }, "service");
  const file = stopBlockingFile(resolve(dirname(configFile), dataDirectory));
  const stopSwitch = new StopSwitch({ file, clock: context.clock, onChange() {} });
  try {
    if (resume) {
      stopSwitch.resumeBlocking();
      context.stdout(`${file} is gone: the service blocks again as its configuration says.\n`);
    } else {
      await mkdir(dirname(file), { recursive: true });
      stopSwitch.stopBlocking(who());
      context.stdout(`${file} is there: a running service lets everyone in within a second.\n`);
      context.stdout("gatewatch stop-blocking --resume takes it back.\n");
    }
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? "unknown";
    const act = resume ? "removed" : "written";
    throw new GatewatchError("COMMAND_FAILED", `The file ${file} can't be ${act} (${code}).`, {
      remedy: `Run this as the service's own user, or ${resume ? "remove" : "create"} that file by hand.`,
      cause,
    });
  }
  return 0;
}

// helpers

function who(): string {
  try {
    return userInfo().username;
  } catch {
    return "somebody"; // a container's user may have no name
  }
}
