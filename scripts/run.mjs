// Runs a TypeScript file (or, with --npm, another npm script) with the Node version this project
// brings along, after installing what is missing. Plain JavaScript without dependencies, so that it
// works as the very first command in a fresh clone, on whatever Node version is on the machine.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const bin = join(root, "node_modules", ".bin");
const node = join(bin, "node");

if (!installed()) {
  console.error("gatewatch: installing dependencies (once) …");
  const npm = spawnSync("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"], {
    cwd: root,
    stdio: ["ignore", 2, 2],
  });
  if (npm.status !== 0) {
    console.error("gatewatch: 'npm ci' failed; its own message is above. Mend it and run the command again.");
    process.exit(npm.status ?? 1);
  }
}

const [first, ...rest] = process.argv.slice(2);
// kafkajs sets timers of negative length, which Node 24 remarks on at every start.
const nodeArgs = ["--disable-warning=TimeoutNegativeWarning", join(root, first), ...rest];
const [command, args] = first === "--npm" ? ["npm", ["run", "-s", ...rest]] : [node, nodeArgs];
// Four slow questions fill the default pool of four and stop all file access and name look-ups. glibc raises the size
// from which memory is given back when it is freed, unless it is told: copies of the state then leave holes that stay.
const env = {
  ...process.env,
  PATH: `${bin}:${process.env.PATH}`,
  UV_THREADPOOL_SIZE: process.env.UV_THREADPOOL_SIZE ?? "16",
  MALLOC_MMAP_THRESHOLD_: process.env.MALLOC_MMAP_THRESHOLD_ ?? "131072",
};
const child = spawn(command, args, { cwd: first === "--npm" ? root : process.cwd(), stdio: "inherit", env });

// A terminal sends Ctrl-C to all of us, a service manager to this process alone: passing it on covers
// both, and gatewatch takes signals that come within a second of each other for one.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
child.on("exit", (code, signal) => process.exit(code ?? (signal === "SIGINT" ? 130 : 1)));

function installed() {
  const record = join(root, "node_modules", ".package-lock.json");
  if (!existsSync(record) || !existsSync(node)) return false;
  const wanted = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")).packages;
  const present = JSON.parse(readFileSync(record, "utf8")).packages;
  return Object.entries(wanted).every(
    ([path, entry]) => path === "" || entry.optional || entry.peer || present[path]?.version === entry.version,
  );
}
