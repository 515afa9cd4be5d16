import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { runCli } from "../src/cli/cli.ts";
import { testCliContext } from "./support/cli-context.ts";
import { allPanels, dashboardQuestions, readDashboards } from "./support/dashboard.ts";
import { nginxMissing } from "./support/nginx.ts";

const root = join(import.meta.dirname, "..");
const read = (name: string) => readFileSync(join(root, name), "utf8");

interface Service {
  readonly image: string;
  readonly user?: string;
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly security_opt?: readonly string[];
  readonly tmpfs?: readonly string[];
  readonly ports?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly volumes?: readonly string[];
  readonly secrets?: readonly string[];
  readonly networks: readonly string[] | Readonly<Record<string, { readonly ipv4_address: string }>>;
}

interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly secrets: Readonly<Record<string, { readonly file: string }>>;
  readonly volumes: Readonly<Record<string, null>>;
}

const compose = parse(read("docker-compose.yml"), { merge: true }) as Compose;
const services = Object.entries(compose.services);

describe("docker-compose.yml", () => {
  test("has the whole way of a log line, and who watches it", () => {
    expect(Object.keys(compose.services)).toEqual(
      expect.arrayContaining(["gatewatch", "nginx", "shop", "shipper", "kafka", "clickhouse", "prometheus", "grafana"]),
    );
  });

  test.for(["gatewatch", "nginx", "shop", "shipper"])(
    "%s writes nowhere but where it must, and gains no rights",
    (name) => {
      expect(compose.services[name]).toMatchObject({
        read_only: true,
        cap_drop: ["ALL"],
        security_opt: ["no-new-privileges:true"],
      });
    },
  );

  test("gatewatch is nobody in particular, with a little room for temporary files", () => {
    const { user, tmpfs, volumes } = compose.services.gatewatch!;
    expect(user).toBe("10001:10001");
    expect(tmpfs).toEqual([expect.stringMatching(/^\/tmp:size=\d+m/)]);
    expect(volumes).toContain("gatewatch-data:/var/lib/gatewatch");
  });

  test("no image is `latest`", () => {
    const images = services.map(([, { image }]) => image);
    expect(images.filter((image) => !/^[a-z/-]+:v?\d+(\.\d+)*(-[a-z]+)?$/.test(image))).toEqual([]);
  });

  test("nothing is published beyond this machine", () => {
    const ports = services.flatMap(([, service]) => service.ports ?? []);
    expect(ports.length).toBeGreaterThan(3);
    for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:/);
  });

  test("no secret is in the file or in an environment", () => {
    const open = services.flatMap(([name, { environment = {} }]) =>
      Object.entries(environment).flatMap(([variable, value]) => {
        const isSecret = /PASSWORD|TOKEN|SECRET/.test(variable);
        const isFile = variable.endsWith("_FILE") && value.startsWith("/run/secrets/");
        return isSecret && !isFile ? `${name}: ${variable}` : [];
      }),
    );
    expect(open).toEqual([]);
  });

  test("every secret that is mounted or named is declared, and every mounted file is there", () => {
    const named = services.flatMap(([, { environment = {} }]) =>
      Object.values(environment).flatMap((value) => /^\/run\/secrets\/(.+)$/.exec(value)?.[1] ?? []),
    );
    const used = [...services.flatMap(([, { secrets = [] }]) => secrets), ...named];
    expect(new Set(used)).toEqual(new Set(Object.keys(compose.secrets)));
    const mounted = services.flatMap(([, { volumes = [] }]) => volumes.map((volume) => volume.split(":")[0]!));
    const files = mounted.filter((path) => path.startsWith("./") && !path.includes("/secrets/"));
    expect(files.filter((path) => !existsSync(join(root, path)))).toEqual([]);
    const kept = mounted.filter((path) => !path.startsWith("."));
    expect(new Set(kept)).toEqual(new Set(Object.keys(compose.volumes)));
  });

  test("docker-compose accepts it", (context) => {
    const missing = missingProgram("docker-compose", "docker-compose");
    if (missing !== undefined && process.env["CI"]) throw new Error(missing);
    context.skip(missing !== undefined, missing);
    const { status, stderr } = spawnSync("docker-compose", ["config", "-q"], { cwd: root, encoding: "utf8" });
    expect([status, stderr]).toEqual([0, ""]);
  });
});

describe("the image", () => {
  const file = read("Dockerfile");

  test("has every folder that the service reads, and no development package", () => {
    for (const name of ["src", "detectors", "runbooks", "package.json"]) {
      expect(file).toMatch(new RegExp(`^COPY .*\\b${name}`, "m"));
      expect(read(".dockerignore")).toContain(`!${name}`);
    }
    expect(file).toContain("npm ci --omit=dev --ignore-scripts");
  });

  test("runs unprivileged, without a shell in between, and says whether it is well", () => {
    expect(file).toMatch(/^USER 10001:10001$/m);
    expect(file).toMatch(/^ENTRYPOINT \["node", /m);
    expect(file).toMatch(/^HEALTHCHECK [\s\S]*\/healthz/m);
    expect(file).toMatch(/^ENV .*UV_THREADPOOL_SIZE=16/m);
    expect(file).toMatch(/^ENV .*MALLOC_MMAP_THRESHOLD_=131072$/m);
    expect(file).toMatch(/^VOLUME \/var\/lib\/gatewatch$/m);
  });
});

describe("with secrets", () => {
  let secrets: string;
  beforeAll(() => {
    secrets = mkdtempSync(join(tmpdir(), "gatewatch-secrets-"));
    makeSecrets(secrets);
  });
  afterAll(() => rmSync(secrets, { recursive: true, force: true }));

  test("make-secrets.sh makes every one that is needed, once", () => {
    const wanted = Object.values(compose.secrets).map(({ file }) => file.replace(/.*\//, ""));
    expect(readdirSync(secrets)).toEqual(expect.arrayContaining([...wanted, "clickhouse-users.xml", "admin_token"]));
    const before = readFileSync(join(secrets, "admin_token"), "utf8");
    expect(before).toMatch(/^[0-9a-f]{64}$/);
    makeSecrets(secrets);
    expect(readFileSync(join(secrets, "admin_token"), "utf8")).toBe(before);
  });

  test("gatewatch.yaml is good, with secrets from mounted files", async () => {
    const environment = Object.entries(compose.services.gatewatch?.environment ?? {});
    const env = Object.fromEntries(environment.map(([name, file]) => [name, file.replace("/run/secrets", secrets)]));
    const { context, printed } = testCliContext({ env });
    const code = await runCli(["-c", join(root, "deploy/compose/gatewatch.yaml"), "check"], context);
    expect([code, printed.stderr]).toEqual([0, ""]);
    expect(printed.stdout).toContain("blocking: enforce");
  });

  test("nginx takes the example's configuration as it is fitted", (context) => {
    const missing = nginxMissing();
    context.skip(missing !== undefined, missing);
    const { status, stderr } = fitNginx(secrets, join(root, "examples/nginx/nginx.conf"));
    expect(stderr).toContain("test is successful");
    expect(status).toBe(0);
    const fitted = readFileSync(join(secrets, "nginx.conf"), "utf8");
    expect(fitted).toContain(`Bearer ${readFileSync(join(secrets, "gateway_token"), "utf8")}`);
    expect(fitted).toContain(`server ${addressOf("shop")}:9000;`);
    expect(fitted).toContain(`server ${addressOf("gatewatch")}:8080;`);
  });

  test("an example that has changed is not fitted by half", (context) => {
    const missing = nginxMissing();
    context.skip(missing !== undefined, missing);
    const { status, stderr } = fitNginx(secrets, join(root, "package.json"));
    expect(status).toBe(1);
    expect(stderr).toContain("expected exactly one line with 'error_log /dev/stderr warn;'");
  });
});

describe("Prometheus and Grafana", () => {
  const alerts = read("deploy/compose/prometheus/alerts.yaml");
  const { groups } = parse(alerts) as { groups: { rules: { alert: string; expr: string }[] }[] };
  const rules = groups.flatMap(({ rules }) => rules);
  const asked = [
    ...rules.map(({ alert, expr }) => [`alert ${alert}`, expr] as const),
    ...dashboardQuestions().flatMap(({ name, datasource, text }) =>
      datasource === "prometheus" ? [[name, text] as const] : [],
    ),
  ];

  test.for(asked)("%s names only metrics that exist", ([, expr]) => {
    const names = [...expr.matchAll(/\bgatewatch_\w+/g)].map(([name]) => name);
    expect(names.filter((name) => !isMetric(name))).toEqual([]);
    expect(names.length + Number(expr.includes("up{"))).toBeGreaterThan(0);
  });

  test.for(asked)("%s names only labels that its metrics have", ([, expr]) => {
    const labels = [
      ...[...expr.matchAll(/\{([^}]*)\}/g)].flatMap(([, list]) => [...(list ?? "").matchAll(/(\w+)\s*[=!]/g)]),
      ...[...expr.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, list]) => [...(list ?? "").matchAll(/(\w+)/g)]),
    ].map(([, label]) => label!);
    expect(labels.filter((label) => !knownLabels.has(label))).toEqual([]);
  });

  test("promtool accepts the rules and the configuration", (context) => {
    const missing = missingProgram("promtool", "prometheus");
    context.skip(missing !== undefined, missing);
    execFileSync("promtool", ["check", "rules", join(root, "deploy/compose/prometheus/alerts.yaml")]);
    execFileSync("promtool", [
      "check",
      "config",
      "--syntax-only",
      join(root, "deploy/compose/prometheus/prometheus.yaml"),
    ]);
  });

  test("dashboards use the data sources that are provisioned", () => {
    const { datasources } = parse(read("deploy/compose/grafana/provisioning/datasources/gatewatch.yaml")) as {
      datasources: { uid: string; type: string }[];
    };
    const known = new Map(datasources.map(({ uid, type }) => [uid, type]));
    const panels = readDashboards()
      .flatMap(allPanels)
      .filter(({ type }) => type !== "row");
    const foreign = panels.filter(({ datasource }) => known.get(datasource?.uid ?? "") !== datasource?.type);
    expect(foreign.map(({ title }) => title)).toEqual([]);
    expect(new Set(dashboardQuestions().map(({ datasource }) => datasource))).toEqual(new Set(known.keys()));
  });

  test("no two panels lie over each other", () => {
    for (const { file, ...dashboard } of readDashboards()) {
      const cells = allPanels(dashboard).flatMap(({ gridPos: { x, y, w, h } }) =>
        Array.from({ length: w * h }, (_, i) => `${x + (i % w)} ${y + Math.floor(i / w)}`),
      );
      expect([file, new Set(cells).size]).toEqual([file, cells.length]);
    }
  });
});

// helpers

/** Every metric that the code registers. */
const code = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".ts"))
  .map((name) => read(join("src", name)))
  .join("\n");
const metrics = new Set([...code.matchAll(/"(gatewatch_[a-z0-9_]+)"/g)].map(([, name]) => name!));
/** docs/metrics.md is held to the code by a test of its own. */
const knownLabels = new Set([
  ...[...read("docs/metrics.md").matchAll(/^\| `gatewatch_[^|]*\|([^|]*)\|/gm)].flatMap(([, labels]) =>
    [...(labels ?? "").matchAll(/`(\w+)`/g)].map(([, label]) => label!),
  ),
  "job",
  "le",
]);

function isMetric(name: string): boolean {
  if (/^gatewatch_(process|nodejs)_/.test(name)) return true; // prom-client's own
  return (
    metrics.has(name) || (/_(bucket|sum|count)$/.test(name) && metrics.has(name.replace(/_(bucket|sum|count)$/, "")))
  );
}

function missingProgram(name: string, debianPackage: string): string | undefined {
  return spawnSync(name, ["--version"]).error && `${name} (Debian package ${debianPackage}) is not installed`;
}

function makeSecrets(folder: string): void {
  execFileSync("sh", [join(root, "deploy/compose/make-secrets.sh"), folder]);
}

function addressOf(name: string): string {
  const { networks } = compose.services[name]!;
  return "shop" in networks ? (networks.shop as { ipv4_address: string }).ipv4_address : "none";
}

function fitNginx(folder: string, example: string) {
  const env = {
    PATH: process.env["PATH"],
    TOKEN_FILE: join(folder, "gateway_token"),
    TMP: folder,
    LOG: join(folder, "gateway.log"),
    CHECK_ONLY: "yes",
  };
  return spawnSync("sh", [join(root, "deploy/compose/nginx/start.sh"), example], { encoding: "utf8", env });
}
