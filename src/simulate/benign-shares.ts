/**
 * What share of all requests customers make of each kind, measured over a million of them; a test holds
 * them to it. Attacks that have to be seen beside the whole shop are sized by them.
 */
export const benignShares = {
  failedSignIns: 0.0046,
  signUps: 0.0024,
  payments: 0.0112,
  checkouts: 0.0102,
  /** What is read by users who are signed in. */
  readSignedIn: 0.5,
} as const;
