/** What is known of an IPv6 address once it is read. */
export interface PlainIPv6 {
  /** The eight groups; the same array for every address. */
  readonly groups: readonly number[];
  /** How much of the text is the address's /64 network, without the `::` that ends it. */
  networkLength: number;
}

/**
 * Reads IPv6 addresses that are written as RFC 5952 has them, which is how gateways write them: lower case,
 * no zeros ahead, `::` for the longest row of zero groups. By hand, since most visitors have one.
 * `undefined` for all others: mapped and special ones (they begin with `::`), and those whose /64 is
 * not simply a beginning of the text. The object that is returned is used again for the next one.
 */
export function createPlainIPv6Reader(): (text: string) => PlainIPv6 | undefined {
  const groups = [0, 0, 0, 0, 0, 0, 0, 0];
  const plain = { groups, networkLength: 0 };

  return (text) => {
    let count = 0;
    /** Before which group `::` stands, and where. */
    let gap = -1;
    let gapAt = 0;
    let fourthEnd = 0;
    let value = 0;
    let digits = 0;
    for (let i = 0; i <= text.length; i++) {
      const code = i === text.length ? colon : text.charCodeAt(i);
      if (code !== colon) {
        const digit = digitOf(code);
        // A zero ahead, or a fifth digit.
        if (digit < 0 || digits === 4 || (digits > 0 && value === 0)) return undefined;
        value = value * 16 + digit;
        digits++;
      } else if (digits > 0) {
        if (count === 8) return undefined;
        groups[count++] = value;
        if (count === 4) fourthEnd = i;
        value = 0;
        digits = 0;
      } else if (i === text.length) {
        if (gap !== count) return undefined;
      } else if (count === 0 || gap >= 0) return undefined;
      else {
        gap = count;
        gapAt = i - 1;
      }
    }
    if (gap < 0 ? count !== 8 : count > 6) return undefined;
    if (gap >= 0) spread(groups, gap, count);
    if (!isShortest(groups, gap, 8 - count)) return undefined;
    plain.networkLength = gap < 0 || gap >= 4 ? fourthEnd : gapAt;
    // The network's own zeros must begin where the text has its `::`, or behind the fourth group.
    const isBeginning = gap < 0 || gap >= 4 ? groups[3] !== 0 : gap + 8 - count >= 4;
    return isBeginning ? plain : undefined;
  };
}

// helpers

const colon = 58;

function digitOf(code: number): number {
  if (code >= 48 && code <= 57) return code - 48;
  return code >= 97 && code <= 102 ? code - 87 : -1;
}

/** Makes room for the zeros that `::` stands for. */
function spread(groups: number[], gap: number, count: number): void {
  const zeros = 8 - count;
  for (let i = 7; i >= gap + zeros; i--) groups[i] = groups[i - zeros]!;
  for (let i = gap; i < gap + zeros; i++) groups[i] = 0;
}

/** Whether `::` stands for the first of the longest rows of zeros, or there is no row of two. */
function isShortest(groups: readonly number[], gap: number, zeros: number): boolean {
  let row = 0;
  for (let i = 0; i < 8; i++) {
    row = groups[i] === 0 ? row + 1 : 0;
    const start = i + 1 - row;
    if (gap < 0 ? row > 1 : row > zeros || (row === zeros && start < gap)) return false;
  }
  return true;
}
