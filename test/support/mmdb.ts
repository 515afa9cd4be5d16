/** What a record of a database may hold. */
export type MmdbValue = string | number | bigint | { readonly [name: string]: MmdbValue };

export interface MmdbOptions {
  /** `8.8.8.0/24` or `2001:db8::/32` (groups written out before `::`), and what it knows of it. */
  readonly networks: Readonly<Record<string, MmdbValue>>;
  readonly ipVersion?: 4 | 6;
  readonly metadata?: Readonly<Record<string, MmdbValue>>;
  /** Epoch seconds. */
  readonly builtAt?: number;
}

/** Writes a database in MaxMind's format (version 2.0, records of 24 bits): decimals are doubles, whole numbers uint32. */
export function writeMmdb(options: MmdbOptions): Buffer {
  const { networks, ipVersion = 4, metadata = {}, builtAt = 1_780_000_000 } = options;
  const nodes: [number, number][] = [[none, none]];
  const data: Buffer[] = [];
  let dataLength = 0;
  for (const [network, value] of Object.entries(networks)) {
    const bits = bitsOf(network, ipVersion);
    let node = 0;
    for (const bit of bits.slice(0, -1)) {
      const next = nodes[node]![bit];
      if (next === none) nodes[node]![bit] = nodes.push([none, none]) - 1;
      node = nodes[node]![bit]!;
    }
    nodes[node]![bits.at(-1)!] = found + dataLength;
    const record = encode(value);
    data.push(record);
    dataLength += record.length;
  }
  const tree = Buffer.alloc(nodes.length * 6);
  nodes.forEach((pair, i) => {
    pair.forEach((to, side) => {
      const pointer = to === none ? nodes.length : to < found ? to : nodes.length + 16 + (to - found);
      tree.writeUIntBE(pointer, i * 6 + side * 3, 3);
    });
  });
  const about = {
    ...{ binary_format_major_version: 2, binary_format_minor_version: 0, build_epoch: BigInt(builtAt) },
    ...{ database_type: "Test", description: { en: "Test" }, ip_version: ipVersion },
    ...{ node_count: nodes.length, record_size: 24, ...metadata },
  };
  return Buffer.concat([
    tree,
    Buffer.alloc(16),
    ...data,
    Buffer.from("\xab\xcd\xefMaxMind.com", "latin1"),
    encode(about),
  ]);
}

// helpers

const none = -1;
/** From here on, an entry stands for a place among the data. */
const found = 1_000_000;

function bitsOf(network: string, ipVersion: 4 | 6): (0 | 1)[] {
  const [address = "", length] = network.split("/");
  const isV4 = !address.includes(":");
  const bytes = isV4
    ? address.split(".").map(Number)
    : address.replace(/::$/, "").split(":").flatMap((group) => [parseInt(group, 16) >> 8, parseInt(group, 16) & 255]); // prettier-ignore
  const padded = isV4 && ipVersion === 6 ? [...Array<number>(12).fill(0), ...bytes] : bytes;
  const bits = [...padded, ...Array<number>(16).fill(0)].flatMap((byte) =>
    Array.from({ length: 8 }, (_, i) => ((byte >> (7 - i)) & 1) as 0 | 1),
  );
  return bits.slice(0, Number(length) + (padded.length - bytes.length) * 8);
}

function encode(value: MmdbValue): Buffer {
  if (typeof value === "string") return Buffer.concat([control(2, Buffer.byteLength(value)), Buffer.from(value)]);
  if (typeof value === "bigint") {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64BE(value);
    return Buffer.concat([Buffer.from([8, 2]), bytes]);
  }
  if (typeof value === "number") {
    const whole = Number.isInteger(value) && value >= 0;
    const bytes = Buffer.alloc(whole ? 4 : 8);
    if (whole) bytes.writeUInt32BE(value);
    else bytes.writeDoubleBE(value);
    return Buffer.concat([control(whole ? 6 : 3, bytes.length), bytes]);
  }
  const entries = Object.entries(value);
  return Buffer.concat([control(7, entries.length), ...entries.flatMap(([name, one]) => [encode(name), encode(one)])]);
}

function control(type: number, size: number): Buffer {
  return size < 29 ? Buffer.from([(type << 5) | size]) : Buffer.from([(type << 5) | 29, size - 29]);
}
