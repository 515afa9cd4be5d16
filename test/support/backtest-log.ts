/** When the log begins. */
export const logStart = Date.UTC(2026, 7, 22, 9, 0, 0);

/** Who tries a list of accounts, and is found by failures alone however few are asked for. */
export const attacker = "203.0.113.61";
/** Who bought, and then forgot which of the family's four accounts it was: eleven failures. */
export const customer = "198.51.100.7";

interface Line {
  readonly second: number;
  readonly client: string;
  readonly path: string;
  readonly status: number;
  readonly user: string;
}

/**
 * Twenty minutes of nginx's JSON log: people who sign in and buy, one who tries a list of accounts, and
 * a customer whose sign-ins fail eleven times.
 */
export function backtestLog(): string {
  return backtestLines().join("");
}

/** The same, line by line in order of time. */
export function backtestLines(): string[] {
  const lines: Line[] = [];
  for (let i = 0; i < 300; i++) {
    const client = `198.51.${100 + (i >> 7)}.${i & 127}`;
    const user = `user-${i}`;
    lines.push({ second: 4 * i, client, path: "/api/login", status: 200, user });
    if (i % 3 === 1) lines.push({ second: 4 * i + 2, client, path: "/api/checkout", status: 200, user });
  }
  for (let i = 0; i < 11; i++) {
    lines.push({ second: 600 + 20 * i, client: customer, path: "/api/login", status: 401, user: `family-${i % 4}` });
  }
  for (let i = 0; i < 60; i++) {
    lines.push({ second: 700 + 2 * i, client: attacker, path: "/api/login", status: 401, user: `listed-${i % 9}` });
  }
  return lines.sort((a, b) => a.second - b.second).map(line);
}

function line({ second, client, path, status, user }: Line): string {
  return `${JSON.stringify({
    msec: ((logStart + second * 1000) / 1000).toFixed(3),
    ...{ remote_addr: client, method: "POST", uri: path, status, request_time: 0.05, bytes_sent: 300 },
    ...{ user_id: user, ua: "Mozilla/5.0", host: "shop.example" },
  })}\n`;
}
