import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";

/** One request, as it came. */
export interface CapturedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** What a request is answered with; `hang`: never; `endless`: a body without an end. */
export type ScriptedAnswer =
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly body?: string }
  | "hang"
  | "endless";

export interface HttpCapture {
  readonly url: string;
  readonly requests: readonly CapturedRequest[];
  /** What every request gets from now on. */
  answer(answer: ScriptedAnswer): void;
  close(): Promise<void>;
}

/** A small HTTP server on a free loopback port that records requests and answers what the test says. */
export async function startHttpCapture(first: ScriptedAnswer = { status: 200, body: "ok" }): Promise<HttpCapture> {
  let current = first;
  const requests: CapturedRequest[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const { method = "", url: path = "", headers } = request;
      requests.push({ method, path, headers, body: Buffer.concat(chunks).toString("utf8") });
      if (current === "hang") return;
      if (current === "endless") {
        response.writeHead(500);
        const more = () => {
          while (!response.destroyed && response.write("x".repeat(16_384)));
        };
        response.on("drain", more);
        more();
        return;
      }
      response.writeHead(current.status, current.headers);
      response.end(current.body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    requests,
    answer(answer) {
      current = answer;
    },
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
