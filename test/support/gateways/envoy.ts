import { parse } from "yaml";
import { freePort } from "../free-port.ts";
import { documented } from "./documented.ts";
import type { Gateway, Upstreams } from "./gateway.ts";
import { envoyProgram } from "./programs.ts";
import { linesOf, startServer } from "./server-process.ts";

/** Envoy with the keys of Envoy Gateway's JSON, with those that we tell to set, and with its own default text. */
export const envoyGateway: Gateway = {
  name: "Envoy",
  logs: ["envoy-gateway", "envoy-gateway, the keys of docs/formats.md", "envoy-text"],
  missing: () => envoyProgram.missing(),

  async start(upstreams) {
    const port = await freePort();
    const server = await startServer({
      name: "envoy",
      program: envoyProgram.path,
      arguments: (directory) => [
        ...["-c", `${directory}/envoy.json`, "--log-level", "error", "--concurrency", "1"],
        ...["--disable-hot-restart", "--file-flush-interval-msec", "50"],
      ],
      files: (directory) => ({ "envoy.json": JSON.stringify(bootstrap(directory, port, upstreams)) }),
      port,
    });
    return {
      port,
      async stop() {
        await server.stop();
        const logs = new Map([
          ["envoy-gateway", linesOf(server.read("json.log"))],
          ["envoy-gateway, the keys of docs/formats.md", linesOf(server.read("documented.log"))],
          ["envoy-text", linesOf(server.read("text.log"))],
        ]);
        server.remove();
        return logs;
      },
    };
  },
};

// helpers

function bootstrap(directory: string, port: number, { up, down }: Upstreams): object {
  const listener = (address: string) => ({
    name: address,
    address: socketAddress(address, port),
    filter_chains: [{ filters: [typed("envoy.filters.network.http_connection_manager", manager, shop(directory))] }],
  });
  return {
    static_resources: {
      listeners: [listener("127.0.0.1"), listener("::1")],
      clusters: [cluster("up", up), cluster("down", down)],
    },
  };
}

const v3 = "type.googleapis.com/envoy.extensions";
const manager = `${v3}.filters.network.http_connection_manager.v3.HttpConnectionManager`;
const fileLog = `${v3}.access_loggers.file.v3.FileAccessLog`;
const limit = `${v3}.filters.http.local_ratelimit.v3.LocalRateLimit`;
const router = `${v3}.filters.http.router.v3.Router`;

function shop(directory: string): object {
  const route = (match: object, cluster: string) => ({ match, route: { cluster } });
  return {
    stat_prefix: "shop",
    // As Envoy Gateway does: the peer is the client, and is added to X-Forwarded-For.
    use_remote_address: true,
    access_log: [
      typed("json", fileLog, { path: `${directory}/json.log`, log_format: { json_format: envoyGatewayKeys } }),
      typed("documented", fileLog, {
        path: `${directory}/documented.log`,
        log_format: parse(documented("Envoy and Istio", "yaml")) as object,
      }),
      typed("text", fileLog, { path: `${directory}/text.log` }),
    ],
    http_filters: [
      typed("envoy.filters.http.local_ratelimit", limit, { stat_prefix: "limit" }),
      typed("envoy.filters.http.router", router, {}),
    ],
    route_config: {
      virtual_hosts: [
        {
          name: "shop",
          domains: ["*"],
          routes: [
            { ...route({ path: "/v1/limited" }, "up"), typed_per_filter_config: { "envoy.filters.http.local_ratelimit": onePerHour } }, // prettier-ignore
            route({ path: "/v1/down" }, "down"),
            route({ prefix: "/" }, "up"),
          ],
        },
      ],
    },
  };
}

const always = { default_value: { numerator: 100, denominator: "HUNDRED" } };
const onePerHour = {
  "@type": limit,
  stat_prefix: "limit",
  token_bucket: { max_tokens: 1, tokens_per_fill: 1, fill_interval: "3600s" },
  filter_enabled: always,
  filter_enforced: always,
};

/** What Envoy Gateway configures when nobody says otherwise. */
const envoyGatewayKeys = {
  start_time: "%START_TIME%",
  method: "%REQ(:METHOD)%",
  "x-envoy-origin-path": "%REQ(X-ENVOY-ORIGINAL-PATH?:PATH)%",
  protocol: "%PROTOCOL%",
  response_code: "%RESPONSE_CODE%",
  response_flags: "%RESPONSE_FLAGS%",
  response_code_details: "%RESPONSE_CODE_DETAILS%",
  connection_termination_details: "%CONNECTION_TERMINATION_DETAILS%",
  upstream_transport_failure_reason: "%UPSTREAM_TRANSPORT_FAILURE_REASON%",
  bytes_received: "%BYTES_RECEIVED%",
  bytes_sent: "%BYTES_SENT%",
  duration: "%DURATION%",
  "x-envoy-upstream-service-time": "%RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)%",
  "x-forwarded-for": "%REQ(X-FORWARDED-FOR)%",
  "user-agent": "%REQ(USER-AGENT)%",
  "x-request-id": "%REQ(X-REQUEST-ID)%",
  ":authority": "%REQ(:AUTHORITY)%",
  upstream_host: "%UPSTREAM_HOST%",
  upstream_cluster: "%UPSTREAM_CLUSTER%",
  upstream_local_address: "%UPSTREAM_LOCAL_ADDRESS%",
  downstream_local_address: "%DOWNSTREAM_LOCAL_ADDRESS%",
  downstream_remote_address: "%DOWNSTREAM_REMOTE_ADDRESS%",
  requested_server_name: "%REQUESTED_SERVER_NAME%",
  route_name: "%ROUTE_NAME%",
};

function cluster(name: string, port: number): object {
  const endpoint = { address: socketAddress("127.0.0.1", port) };
  return {
    name,
    type: "STATIC",
    connect_timeout: "1s",
    load_assignment: { cluster_name: name, endpoints: [{ lb_endpoints: [{ endpoint }] }] },
  };
}

function socketAddress(address: string, port: number): object {
  return { socket_address: { address, port_value: port } };
}

function typed(name: string, type: string, config: object): object {
  return { name, typed_config: { "@type": type, ...config } };
}
