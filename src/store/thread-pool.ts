const neededThreads = 16;

/**
 * What is wrong with `UV_THREADPOOL_SIZE`, for people; `undefined` when it is large enough. Each
 * question to the embedded store holds one thread of libuv's pool while it runs. In the default pool of
 * four, slow questions stop all file access and name look-ups, the journal included.
 */
export function threadPoolProblem(size: string | undefined): string | undefined {
  const threads = size === undefined || size === "" ? 4 : Number(size);
  if (Number.isInteger(threads) && threads >= neededThreads) return undefined;
  return `UV_THREADPOOL_SIZE is ${size ? `"${size}"` : "not set"}; it has to be ${neededThreads} or more before the process starts, or slow questions hold up the journal and name look-ups`;
}
