import { ByteReader, BytesError } from "../detect/byte-reader.ts";
import type { ActorFigures } from "./actor-minute.ts";
import type { EndpointCell, EndpointFigures } from "./endpoint-minute.ts";
import { latencyBucketCount } from "./latency-buckets.ts";
import { countedFigures, minuteTallyVersion } from "./minute-tallies.ts";

const minuteMs = 60_000;
/** Ten thousand years: what is later is no time. */
const lastMinute = 3e14 / minuteMs;

/** What was counted of one minute. */
export interface ReadMinute {
  /** Its beginning, epoch ms. */
  readonly minute: number;
  readonly endpoints: readonly Pick<EndpointCell, "figures" | "times">[];
  readonly actors: readonly ActorFigures[];
}

/** Reads what `MinuteTallies` wrote; bytes that are none of it are a problem that says why. */
export function readMinuteTallies(bytes: Uint8Array): readonly ReadMinute[] | { readonly problem: string } {
  try {
    const from = new ByteReader(bytes);
    const version = from.byte();
    if (version !== minuteTallyVersion) return { problem: `counts of minutes of version ${version}` };
    const texts = listOf(from, 1, () => from.text());
    const text = () => texts[from.below(texts.length, "the number of a text")]!;
    const minutes: ReadMinute[] = [];
    while (!from.isAtEnd) {
      const minute = from.below(lastMinute, "a minute") * minuteMs;
      const endpoints = listOf(from, 13, () => readEndpoint(from, { text, minute }));
      const actors = listOf(from, 5, () => {
        const [actor, route] = [text(), text()];
        return { actor, route, requests: from.whole(), failures: from.whole(), refusals: from.whole() };
      });
      minutes.push({ minute, endpoints, actors });
    }
    return minutes;
  } catch (error) {
    if (error instanceof BytesError) return { problem: error.message };
    throw error;
  }
}

// helpers

function readEndpoint(
  from: ByteReader,
  { text, minute }: { text: () => string; minute: number },
): Pick<EndpointCell, "figures" | "times"> {
  const [route, method, country, gateway, endpointClass, owner] = [text(), text(), text(), text(), text(), text()];
  const has = from.below(2 ** countedFigures.length, "bits of figures");
  const counted = Object.fromEntries(
    countedFigures.map((figure, i) => [figure, (has >>> i) & 1 ? from.number() : 0]),
  ) as Pick<EndpointFigures, (typeof countedFigures)[number]>;
  const latencyBuckets = Array.from({ length: latencyBucketCount }, () => 0);
  listOf(from, 2, () => (latencyBuckets[from.below(latencyBucketCount, "a bucket")] = from.whole()));
  const listed = from.below(3, "whether it is listed");
  const [firstSeen, lastSeen, lastOk, lastAnonymousOk] = [from.whole(), from.whole(), from.whole(), from.whole()];
  const timeOf = (offset: number) => (offset === 0 ? null : minute + offset - 1);
  return {
    figures: { route, method, country, gateway, endpointClass, ...counted, latencyBuckets },
    times: {
      owner,
      listed: listed === 0 ? null : listed === 1,
      firstSeen: minute + firstSeen,
      lastSeen: minute + lastSeen,
      lastOkAt: timeOf(lastOk),
      lastAnonymousOkAt: timeOf(lastAnonymousOk),
    },
  };
}

/** So many things as are said before them; each takes some bytes at least. */
function listOf<T>(from: ByteReader, leastBytes: number, read: () => T): T[] {
  return Array.from({ length: from.count(leastBytes, "fewer of them") }, read);
}
