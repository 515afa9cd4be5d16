import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** How long the upstream thinks about a login. */
export const loginTakesMs = 60;
/** What it answers with, so that bytes can be told from other figures. */
export const answerBytes = 2000;

/** A tiny shop: 401 to every login, 404 to `/v1/nope`, else 200. It reads the longest request line there may be. */
export async function startUpstream(): Promise<{ port: number; stop(): Promise<void> }> {
  const server = createServer({ maxHeaderSize: 4 * 2 ** 20 }, (request, response) => {
    const path = request.url?.split("?")[0];
    response.statusCode = path === "/v1/login" ? 401 : path === "/v1/nope" ? 404 : 200;
    request.resume();
    setTimeout(() => response.end("x".repeat(answerBytes)), path === "/v1/login" ? loginTakesMs : 0);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    stop() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
