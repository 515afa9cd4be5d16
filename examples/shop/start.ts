// `npm start`: gatewatch with the example shop's configuration, and the shop's traffic. The two share
// nothing but the access log and /v1/check.
import { spawn } from "node:child_process";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Shop } from "./shop.ts";

const { values } = parseArgs({ options: { port: { type: "string", default: "8080" } } });
const here = import.meta.dirname;
const address = `http://127.0.0.1:${values.port}`;
const shop = new Shop({ log: join(here, "data/access.log"), check: `${address}/v1/check` });
shop.open();

const main = join(here, "../../src/main.ts");
const service = spawn(process.execPath, [main, "--config", join(here, "gatewatch.yaml"), "run"], {
  stdio: ["ignore", "inherit", "inherit"],
  env: { ...process.env, GATEWATCH_SHOP_PORT: values.port },
});
const closing = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => {
    closing.abort();
    service.kill("SIGTERM");
  });
}
service.on("exit", (code) => process.exit(code ?? 1));
// Whatever ends the shop ends the service, too.
process.on("exit", () => service.kill("SIGTERM"));

await listening();
console.error(
  `\n  The example shop is open, and under attack within seconds.\n  Look at ${address}/ — Ctrl-C ends it.\n`,
);
await shop.run(closing.signal);

/** Resolves once the service answers. */
async function listening(): Promise<void> {
  while (!closing.signal.aborted) {
    const answer = await fetch(`${address}/healthz`).catch(() => undefined);
    if (answer?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
