/**
 * Whether a user agent says that it is a bot. That proves nothing: anybody may say so. But who hides
 * doesn't, and whether a bot that names itself is welcome is for people to say. Cubot makes phones.
 */
export function isDeclaredBot(userAgent: string | undefined): boolean {
  return userAgent !== undefined && /(?<!cu)bot\b|crawl|spider|slurp|\+https?:\/\//i.test(userAgent);
}
