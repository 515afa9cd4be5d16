/**
 * Fetches the gateways that no Debian package brings, so that the tests need not wait for them:
 * `node test/support/gateways/fetch-gateways.ts [envoy] [caddy] [traefik]`; all where none is named.
 * The tests do the same where it was not run.
 */
import { programs } from "./programs.ts";

const names = process.argv.slice(2);
const wanted = programs.filter(({ name }) => names.length === 0 || names.some((given) => name.startsWith(given)));
await Promise.all(
  wanted.map(async (program) => {
    const began = performance.now();
    const missing = await program.missing();
    const seconds = Math.round((performance.now() - began) / 1000);
    process.stdout.write(missing === undefined ? `${program.name}: there after ${seconds} s\n` : `${missing}\n`);
  }),
);
