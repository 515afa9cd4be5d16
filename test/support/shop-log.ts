import { attacks } from "../../examples/shop/attacks.ts";
import { nginxLine, type Request } from "../../examples/shop/nginx-line.ts";
import { nextStep, people, random } from "../../examples/shop/people.ts";

/** When the attacks of the log begin. */
export const attackedAt = Date.UTC(2026, 7, 22, 9, 0, 0);

const quietMs = 66 * 60_000;
const busyMs = 2 * 60_000;
const everyMs = 250;

/**
 * An hour and six quiet minutes of the example shop and two with all of its attacks, the same every time: as
 * nginx's JSON log, or as its combined format.
 */
export function shopLog(format: "nginx-json" | "nginx-combined"): string {
  const line = format === "nginx-json" ? nginxLine : combinedLine;
  return requests()
    .map(({ request, time }, id) => line(request, time, id))
    .join("");
}

// helpers

function requests(): { request: Request; time: number }[] {
  const customers = people(400);
  const rnd = random(20_260_822);
  const all = attacks(1, customers).map(({ at, request }) => ({ request, time: attackedAt + at }));
  for (let time = attackedAt - quietMs; time < attackedAt + busyMs; time += everyMs) {
    all.push({ request: nextStep(customers[Math.floor(rnd() * customers.length)]!, rnd), time });
  }
  return all.sort((a, b) => a.time - b.time);
}

const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** `$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent"` */
function combinedLine({ client, method, uri, status }: Request, time: number, id: number): string {
  const iso = new Date(time).toISOString();
  const day = `${iso.slice(8, 10)}/${months[Number(iso.slice(5, 7)) - 1]}/${iso.slice(0, 4)}:${iso.slice(11, 19)} +0000`;
  return `${client.address} - - [${day}] "${method} ${uri} HTTP/1.1" ${status} ${200 + (id % 900)} "-" "${client.agent}"\n`;
}
