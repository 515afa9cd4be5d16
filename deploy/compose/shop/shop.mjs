// A stand-in for a shop's application: it answers as one would, and keeps nothing. The password of
// every customer is "correct".
import { createServer } from "node:http";

const maxBody = 10_000;

createServer((request, response) => void serve(request, response)).listen(9000, "0.0.0.0");

for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => process.exit(0));

async function serve(request, response) {
  const { pathname } = new URL(request.url ?? "/", "http://shop.local");
  const user = request.headers["x-demo-user"];
  if (typeof user === "string") response.setHeader("x-shop-user", user);
  const answer = (status, body) => {
    response.writeHead(status, { "content-type": "application/json" });
    response.end(JSON.stringify(body));
  };

  const body = await bodyOf(request).catch(() => undefined);
  if (body === undefined) return answer(400, { error: "expected JSON" });
  if (request.method === "POST" && pathname === "/api/login") {
    if (typeof body.user === "string") response.setHeader("x-shop-user", headerText(body.user));
    return body.password === "correct" ? answer(200, { ok: true }) : answer(401, { error: "wrong password" });
  }
  if (request.method === "POST" && pathname === "/api/payments") {
    return body.card === "provider-down"
      ? answer(502, { error: "the provider does not answer" })
      : answer(200, { ok: true });
  }
  if (pathname.startsWith("/api/")) return answer(200, { path: pathname });
  return answer(404, { error: "no such page" });
}

async function bodyOf(request) {
  let text = "";
  for await (const chunk of request) {
    text += chunk;
    if (text.length > maxBody) throw new Error("too long");
  }
  return text === "" ? {} : JSON.parse(text);
}

function headerText(text) {
  return text.replaceAll(/[^\w@.+-]/g, "?").slice(0, 100);
}
