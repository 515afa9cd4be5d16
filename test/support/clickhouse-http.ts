import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { createClient, type ClickHouseClient } from "@clickhouse/client";
import { createChdbConnection } from "chdb/connection";

/** A long run writes millions of rows. */
const maxStatements = 10_000;

/**
 * ClickHouse's HTTP interface in front of the embedded engine, as far as the client uses it: a
 * statement in the body, `database`, `readonly` and `param_…` in the address, errors as text with
 * status 500. So the way to a server is tested over real HTTP, and the server can go away and come back.
 */
export class ClickHouseHttp {
  readonly #path: string;
  readonly #port: number;
  #server: Server | undefined;
  #clients: { write: ClickHouseClient; read: ClickHouseClient } | undefined;
  /** The last statements it ran, oldest first. */
  readonly statements: string[] = [];

  private constructor(path: string, port: number) {
    this.#path = path;
    this.#port = port;
  }

  /** Starts one on a free loopback port, with its data in `path`. */
  static async start(path: string): Promise<ClickHouseHttp> {
    const probe = createServer().listen(0, "127.0.0.1");
    await once(probe, "listening");
    const { port } = probe.address() as AddressInfo;
    probe.close();
    await once(probe, "close");
    const server = new ClickHouseHttp(path, port);
    await server.comeBack();
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Listens again, on the same port and with the same data. */
  async comeBack(): Promise<void> {
    const connect = () => createClient({ connection: createChdbConnection({ path: this.#path }) } as object);
    this.#clients ??= { write: connect(), read: connect() };
    await this.#clients.read.command({ query: "SELECT 1" });
    this.#server = createServer((request, response) => void this.#answer(request, response));
    this.#server.listen(this.#port, "127.0.0.1");
    await once(this.#server, "listening");
  }

  /** Refuses connections, as a server does that is down. */
  async goAway(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (!server) return;
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  }

  async comeBackIfAway(): Promise<void> {
    if (!this.#server) await this.comeBack();
  }

  /** Runs a statement past HTTP. */
  async run(database: string, statement: string): Promise<void> {
    await this.#run(statement, new URLSearchParams({ database }));
  }

  /** The rows of a statement in JSONEachRow, past HTTP. */
  async query(database: string, statement: string): Promise<unknown[]> {
    const output = await this.#run(statement, new URLSearchParams({ database, readonly: "1" }));
    return output
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as unknown);
  }

  async stop(): Promise<void> {
    await this.goAway();
    await this.#clients?.read.close();
    await this.#clients?.write.close();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", this.url);
    const statement = await text(request);
    this.statements.push(statement);
    if (this.statements.length > maxStatements) this.statements.splice(0, maxStatements / 2);
    try {
      const output = await this.#run(statement, url.searchParams);
      response.writeHead(200, { "content-type": "text/plain; charset=utf-8" }).end(output);
    } catch (error) {
      const { code = "1", type = "UNKNOWN", message } = error as { code?: string; type?: string; message: string };
      response.writeHead(500, { "x-clickhouse-exception-code": code });
      response.end(`Code: ${code}. DB::Exception: ${message} (${type})`);
    }
  }

  async #run(statement: string, parameters: URLSearchParams): Promise<string> {
    if (!this.#clients) throw new Error("not started");
    const client = parameters.get("readonly") === "1" ? this.#clients.read : this.#clients.write;
    const database = parameters.get("database");
    if (database && database !== "default") await client.command({ query: `USE ${database}` });
    // What a failed statement left is thrown away, or it would come in front of this one's answer.
    if (client === this.#clients.read) await client.command({ query: "SELECT 1" });
    const bound = [...parameters].filter(([name]) => name.startsWith("param_"));
    const result = await client.exec({
      query: statement,
      query_params: Object.fromEntries(bound.map(([name, value]) => [name.slice("param_".length), unescape(value)])),
    });
    return text(result.stream);
  }
}

// helpers

/** Parameters travel escaped, as in TSV. */
function unescape(value: string): string {
  const plain: Record<string, string> = { n: "\n", r: "\r", t: "\t", b: "\b", f: "\f", 0: "\0" };
  return value.replace(/\\(.)/gs, (_, character: string) => plain[character] ?? character);
}
