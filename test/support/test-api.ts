import { createHash } from "node:crypto";
import type { FastifyInstance } from "fastify";
import { apiConfig, roles, type Role } from "../../src/api/api-config.ts";
import { createApi, type ApiOptions } from "../../src/api/create-api.ts";
import { silentLog } from "../../src/log.ts";
import { createMetrics, type Metrics } from "../../src/metrics.ts";
import { FakeApiServices } from "./fake-api-services.ts";
import { TestClock } from "./test-clock.ts";

export interface TestApi {
  readonly app: FastifyInstance;
  readonly services: FakeApiServices;
  readonly clock: TestClock;
  readonly metrics: Metrics;
}

/** The API over fake services; `config` is as a person would write it. */
export function createTestApi(over: Partial<Omit<ApiOptions, "config">> & { config?: object } = {}): TestApi {
  const services = new FakeApiServices();
  const clock = new TestClock();
  const metrics = createMetrics();
  const app = createApi({
    services,
    clock,
    metrics,
    log: silentLog,
    pages: [],
    publicUrl: "https://gatewatch.shop.example/",
    version: "0.0.0-test",
    ...over,
    config: apiConfig.parse(over.config ?? {}),
  });
  return { app, services, clock, metrics };
}

/** A configuration with one token for each role; the token is `secret-ROLE`. */
export const tokenConfig = {
  tokens: roles.map((role) => ({ name: `the ${role}`, role, sha256: sha256(tokenOf(role)) })),
};

/** The headers by which a role shows itself. */
export function bearer(role: Role): { authorization: string } {
  return { authorization: `Bearer ${tokenOf(role)}` };
}

// helpers

function tokenOf(role: Role): string {
  return `secret-${role}`;
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
