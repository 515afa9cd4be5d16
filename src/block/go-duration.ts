/**
 * A time span as Go writes it, in whole seconds: `3h59m10s`, `-5s`. Rounded away from zero, so that
 * what still holds is never 0, and what has ended is always negative. Bouncers' patterns know no
 * fractions.
 */
export function goDuration(ms: number): string {
  const total = Math.ceil(Math.abs(ms) / 1000);
  const hours = Math.floor(total / 3600);
  const minutes = Math.floor((total % 3600) / 60);
  const seconds = `${total % 60}s`;
  const sign = ms < 0 ? "-" : "";
  if (hours > 0) return `${sign}${hours}h${minutes}m${seconds}`;
  return minutes > 0 ? `${sign}${minutes}m${seconds}` : `${sign}${seconds}`;
}
