import { mkdir, open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { sleep, type Clock } from "../clock.ts";
import type { ProviderList, ProviderName } from "./provider-list.ts";
import { linkIn, publishedAt, readPublished } from "./provider-source.ts";
import { refreshedFile } from "./trusted-networks.ts";

/** AWS's and Microsoft's lists are of a few megabytes. */
const maxBytes = 32 * 1024 ** 2;
const timeoutMs = 60_000;

export interface RefreshOptions {
  readonly name: ProviderName;
  readonly dataDirectory: string;
  /** In place of where the provider publishes it: a mirror. */
  readonly url: string | undefined;
  /** The list in force; one of less than half its length is refused, unless `takesLess`. */
  readonly known: ProviderList;
  readonly takesLess: boolean;
  readonly fetch: typeof fetch;
  readonly clock: Clock;
}

/**
 * Downloads a provider's list, checks it, and puts it in the data directory, whole or not at all: a
 * running service takes it over by itself. Throws an error that says why there is no new list; the
 * one before stays.
 */
export async function refreshProvider(options: RefreshOptions): Promise<{ list: ProviderList; file: string }> {
  const { name, known, dataDirectory, clock } = options;
  const url = options.url ?? publishedAt(name);
  if (url === undefined) throw new Error("it publishes no list that could be downloaded; its ranges are fixed");
  const first = await download(url, options);
  const link = linkIn(name, first);
  const text = link === undefined ? first : await download(link, options);
  const today = new Date(clock.now()).toISOString().slice(0, 10);
  const list = readPublished(name, { text, url: link ?? url, today });
  if (list.networks.length * 2 < known.networks.length && !options.takesLess) {
    throw new Error(
      `it names ${list.networks.length} networks, less than half of the ${known.networks.length} known; --force takes it all the same`,
    );
  }
  const file = refreshedFile(dataDirectory, name);
  await replaceFile(file, `${JSON.stringify(list, undefined, 2)}\n`);
  return { list, file };
}

// helpers

async function download(url: string, options: Pick<RefreshOptions, "fetch" | "clock">): Promise<string> {
  const finished = new AbortController();
  const deadline = new AbortController();
  void sleep(options.clock, timeoutMs, finished.signal).then(() => deadline.abort());
  try {
    const response = await options.fetch(url, {
      headers: { accept: "application/json, text/html;q=0.5", "user-agent": "gatewatch" },
      signal: deadline.signal,
    });
    if (!response.ok) throw new Error(`${url} answered ${response.status}`);
    return await bodyOf(response);
  } catch (error) {
    if (deadline.signal.aborted && !finished.signal.aborted) {
      throw new Error(`${url} did not answer within ${timeoutMs / 1000} s`, { cause: error });
    }
    throw error;
  } finally {
    finished.abort();
  }
}

/** At most 32 MiB: whoever answers in the provider's place must not fill the memory. */
async function bodyOf(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > maxBytes) throw new Error(`${response.url} answered with more than ${maxBytes / 1024 ** 2} MiB`);
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

/** Readers find the old file or the new one, never half of one. */
async function replaceFile(file: string, text: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  const temporary = `${file}.${process.pid}.new`;
  try {
    const handle = await open(temporary, "w");
    try {
      await handle.writeFile(text);
      await handle.datasync();
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
  } finally {
    await rm(temporary, { force: true });
  }
}
