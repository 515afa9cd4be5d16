import type { AccessEvent } from "../normalize/access-event.ts";

/**
 * Networks that people pass through on their way, so that where their addresses are says nothing of the
 * person: what many commercial VPNs rent (M247, Datacamp, PacketHub, 31173 Services, Proton), what Apple's
 * Private Relay and Cloudflare's WARP come out of (Cloudflare, Akamai's AS36183, Fastly), and Starlink.
 * There are more of them, and attackers use them too: it is no list of the good.
 */
const passing: ReadonlySet<number> = new Set([
  9009, 60068, 212238, 136787, 39351, 62371, 209103, 13335, 36183, 54113, 14593,
]); // prettier-ignore

/** The client came through a VPN, a relay or a satellite that is known as such. */
export function isPassing({ asn }: AccessEvent): boolean {
  return asn !== undefined && passing.has(asn);
}
