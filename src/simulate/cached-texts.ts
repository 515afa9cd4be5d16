/** Some hundreds: logs of when a request began jump back by its duration, a few minutes of seconds. */
const most = 512;

/** Texts that are written again and again, such as a second's; beyond a few hundred it begins anew. */
export class CachedTexts<K> {
  readonly #texts = new Map<K, string>();
  readonly #write: (key: K) => string;

  constructor(write: (key: K) => string) {
    this.#write = write;
  }

  of(key: K): string {
    let text = this.#texts.get(key);
    if (text === undefined) {
      if (this.#texts.size >= most) this.#texts.clear();
      text = this.#write(key);
      this.#texts.set(key, text);
    }
    return text;
  }
}
