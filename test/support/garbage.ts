export interface GarbageOptions {
  /** The same seed gives the same lines. */
  readonly seed: number;
  /** How many lines in all, good ones included. */
  readonly count: number;
  /** Makes the n-th good line (from 0). About every tenth line is one. */
  readonly goodLine: (n: number) => string;
  /** One line in so many is of 10 MB; 10,000 unless given. */
  readonly hugeEvery?: number;
}

/** Lines as no gateway should write them, and good ones in between; without line ends. */
export function* garbageLines({ seed, count, goodLine, hugeEvery = 10_000 }: GarbageOptions): Generator<Buffer> {
  const random = randomOf(seed);
  let good = 0;
  for (let i = 0; i < count; i++) {
    if (i % hugeEvery === hugeEvery - 1) yield huge(random);
    else if (random() < 0.1) yield Buffer.from(goodLine(good++));
    else yield asLine((kinds[Math.floor(random() * kinds.length)] as Kind)(random));
  }
}

// helpers

type Random = () => number;
type Kind = (random: Random) => string | Buffer;

const tenMegabytes = 10_000_000;
const ordinary = '{"time":"2026-08-22T09:00:00Z","clientIp":"203.0.113.7","method":"GET","path":"/","status":200}';
const upTo = (random: Random, max: number) => Math.floor(random() * max);
const pick = (random: Random, from: readonly string[]) => from[upTo(random, from.length)] as string;
const bytes = (random: Random, length: number) => Buffer.from(Array.from({ length }, () => upTo(random, 256)));

const kinds: readonly Kind[] = [
  /* cut off */ (random) => ordinary.slice(0, upTo(random, ordinary.length)),
  /* cut at the start */ (random) => ordinary.slice(1 + upTo(random, ordinary.length - 1)),
  /* two in one line */ () => ordinary + ordinary,
  /* wrong types */ (random) =>
    ordinary.replace(
      pick(random, ['"GET"', "200", '"/"', '"203.0.113.7"']),
      pick(random, ["[]", "{}", "null", "true", '""', "-1", "1e400"]),
    ),
  /* not an object */ (random) =>
    pick(random, ["null", "true", "7", '"text"', "[]", "[1,2]", "NaN", "undefined", "{}"]),
  /* nested deeply */ (random) => nested(1 + upTo(random, 20_000), random() < 0.5),
  /* huge numbers */ (random) =>
    `{"time":${"9".repeat(1 + upTo(random, 400))},"status":1e${upTo(random, 999)},"took":-0}`,
  /* binary */ (random) => bytes(random, upTo(random, 400)),
  /* invalid UTF-8 inside JSON */ (random) =>
    Buffer.concat([Buffer.from('{"path":"/'), bytes(random, 8), Buffer.from('\xc3","status":200}', "latin1")]),
  /* another encoding */ () => Buffer.from(ordinary, "utf16le"),
  /* hostile keys */ () => '{"__proto__":{"status":500},"constructor":1,"toString":null,"hasOwnProperty":[]}',
  /* many keys */ (random) =>
    JSON.stringify(Object.fromEntries(Array.from({ length: upTo(random, 300) }, (_, i) => [`k${i}`, i]))),
  /* a long field */ (random) => ordinary.replace('"/"', JSON.stringify("/".padEnd(1 + upTo(random, 5_000), "é😀"))),
  /* control characters and markup */ () =>
    '{"path":"\\u0000\\u001b[2J<script>alert(1)</script>\'; DROP TABLE detections;--","status":"200"}',
  /* nothing */ (random) => pick(random, ["", " ", "\t\t", "\r", "\ufeff"]),
];

function nested(depth: number, arrays: boolean): string {
  return arrays ? "[".repeat(depth) + "]".repeat(depth) : '{"a":'.repeat(depth) + "1" + "}".repeat(depth);
}

function huge(random: Random): Buffer {
  const line = Buffer.alloc(tenMegabytes, pick(random, ["x", "é", "[", '{"a":']));
  if (random() < 0.5) line.write('{"path":"');
  return line;
}

/** A line has no line end inside. */
function asLine(content: string | Buffer): Buffer {
  const line = Buffer.from(content);
  for (let at = line.indexOf(0x0a); at >= 0; at = line.indexOf(0x0a, at)) line[at] = 0x0b;
  return line;
}

/** mulberry32: small, even enough, and the same everywhere. */
function randomOf(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
