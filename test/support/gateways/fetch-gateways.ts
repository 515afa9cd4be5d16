/**
 * Fetches the gateways that no Debian package brings, so that the tests need not wait for them:
 * `node test/support/gateways/fetch-gateways.ts`. The tests do the same where it was not run.
 */
import { programs } from "./programs.ts";

await Promise.all(
  programs.map(async (program) => {
    const began = performance.now();
    const missing = await program.missing();
    const seconds = Math.round((performance.now() - began) / 1000);
    process.stdout.write(missing === undefined ? `${program.name}: there after ${seconds} s\n` : `${missing}\n`);
  }),
);
