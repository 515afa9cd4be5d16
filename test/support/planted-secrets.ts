/** Secrets as they turn up in logs; none may leave the normalize stage. */
export const plantedSecrets = {
  jwt: "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ1NDgyMTMifQ.c2lnbmF0dXJlLW9mLXRoZS10b2tlbg",
  password: "correct-horse-battery",
  card: "4111111111111111",
  cardWithDashes: "5500-0000-0000-0004",
  resetToken: "q7Zt2LxV9rKd4WmB8sYh",
  stripeKey: "sk_live_4eC39HqLyjWDarjtT1zdp7dc",
  cookie: "sid=0af7651916cd43dd8448eb211c80319c",
  basic: "Basic YW5uYTpodW50ZXIyMg==",
  email: "anna.smith@shop.example",
  querySecret: "Zm9vYmFyYmF6cXV4",
} as const;

const s = plantedSecrets;

/** Request targets with a secret somewhere in them. */
export const secretTargets: readonly string[] = [
  `/v1/login?password=${s.password}&x=${s.querySecret}`,
  `/v1/token/${s.jwt}`,
  `/v1/${s.jwt}/profile`,
  `/v1/reset/${s.resetToken}`,
  `/v1/password/reset/confirm/${s.resetToken}?t=${s.querySecret}`,
  `/v1/cards/${s.card}`,
  `/v1/cards/${s.cardWithDashes}/limits`,
  `/v1/keys/${s.stripeKey}`,
  `/v1/users/${s.email}`,
  `/v1/users/${encodeURIComponent(s.email)}`,
  `/v1/cart;${s.cookie}/items`,
  `/v1/login%3Fpassword=${s.password}`,
  `/v1/x/password=${s.password}/y`,
  `https://anna:${s.password}@shop.example/v1/cart?token=${s.jwt}#${s.querySecret}`,
];

/** User agents and other free text with a secret in them. */
export const secretTexts: readonly string[] = [
  `App/1 (Authorization: Bearer ${s.jwt})`,
  `App/1 token=${s.querySecret}`,
  `App/1 ${s.card}`,
  `App/1 ${s.stripeKey}`,
  `App/1 Cookie: ${s.cookie}`,
  `App/1 Authorization: ${s.basic}`,
];

/** Which of the secrets are in the text: as they are, encoded in a usual way, or taken apart. */
export function secretsIn(text: string): string[] {
  const joined = text.replaceAll(controls, "");
  const digits = joined.replaceAll(/(?<=\d)(?:%[0-9A-Fa-f]{2}|[^0-9A-Za-z])(?=\d)/g, "");
  return traces
    .filter(({ texts }) => texts.some((trace) => joined.includes(trace) || digits.includes(trace)))
    .map(({ name }) => name);
}

// helpers

/** Control characters, what they are shown as, and how JSON, JavaScript and URLs write them. */
// oxlint-disable-next-line no-control-regex -- control characters are what this is about
const controls = /[\u0000-\u001f\u007f\ufffd]|\\+[bfnrt]|\\+u00[01][0-9a-fA-F]|\\+ufffd|%[01][0-9a-fA-F]|%EF%BF%BD/g;

const traces = Object.entries(plantedSecrets).map(([name, secret]) => ({ name, texts: tracesOf(secret) }));

function tracesOf(secret: string): string[] {
  const digits = secret.replaceAll("-", "");
  const base64 = [0, 1, 2].map((before) => {
    const whole = Buffer.concat([Buffer.alloc(before), Buffer.from(secret)]).toString("base64");
    // The first and the last characters depend on what stands around it.
    return whole.slice(Math.ceil((before * 8) / 6), -4);
  });
  const hex = Buffer.from(secret).toString("hex");
  return [secret, encodeURIComponent(secret), ...(/^\d+$/.test(digits) ? [digits] : []), ...base64, hex];
}
