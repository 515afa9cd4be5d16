import type { AccessEvent } from "../normalize/access-event.ts";
import type { EvidenceEvent } from "./detection.ts";
import type { DetectorSet } from "./detector-sets.ts";
import { hashed } from "./hash.ts";
import { hashClient } from "./key-hash.ts";
import { ownCopy } from "./own-copy.ts";

/** An event kept as evidence, with what orders it and whom it speaks for. */
export interface Sample {
  readonly time: number;
  readonly hash: number;
  /** Detectors whose evidence it is. */
  readonly detectors: DetectorSet;
  /** Who owns the endpoint. */
  readonly owner: string | undefined;
  readonly event: EvidenceEvent;
}

/** Adds a sample to a list of at most `limit`, which holds the earliest by time, then by content. */
export function keepEarliest(list: Sample[], sample: Sample, limit: number): void {
  let at = list.length;
  while (at > 0 && isBefore(sample, list[at - 1]!)) at--;
  if (at > 0 && list[at - 1]!.hash === sample.hash && list[at - 1]!.time === sample.time) return;
  if (at >= limit) return;
  list.splice(at, 0, sample);
  if (list.length > limit) list.pop();
}

/** An event's content as 32 bits: the same event gives the same number wherever it is read. */
export function contentHash(event: AccessEvent): number {
  let hash = mix(0x9e3779b1, event.time % 4_294_967_296);
  hash = mix(hash, event.status);
  hash = mix(hash, Math.round((event.durationMs ?? -1) * 1000));
  hash = mixText(hash, event.clientIp);
  hash = mixText(hash, event.method);
  hash = mixText(hash, event.path);
  hash = mixText(hash, event.endpointClass);
  hash = mixText(hash, event.userId);
  hash = mixText(hash, event.requestId);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** 32 bits that an event is chosen by where not all can be kept: of its time and client, which cost little. */
export function chanceOf({ time, clientKey }: AccessEvent): number {
  if (clientKey === undefined) hashed.lo = 0;
  else hashClient(clientKey);
  const hash = mix(mix(hashed.lo, time % 4_294_967_296), 0x27d4eb2f);
  return (hash ^ (hash >>> 15)) >>> 0;
}

/**
 * The parts of an event that are shown as evidence. What may be a piece of its log line is copied, so
 * that it keeps no line alive; method, route, user agent and country are the normalizer's own.
 */
export function evidenceOf(event: AccessEvent): EvidenceEvent {
  const clientIp = copy(event.clientIp);
  return {
    time: event.time,
    gateway: event.gateway,
    clientIp,
    clientKey: event.clientKey === event.clientIp ? clientIp : copy(event.clientKey),
    clientIpTrust: event.clientIpTrust,
    method: event.method,
    path: copy(event.path) ?? "",
    route: event.route,
    endpointClass: event.endpointClass,
    status: event.status,
    outcome: event.outcome,
    userId: copy(event.userId),
    country: event.country,
    userAgent: event.userAgent,
    requestId: copy(event.requestId),
  };
}

function copy(text: string | undefined): string | undefined {
  return text === undefined ? undefined : ownCopy(text);
}

function mix(hash: number, value: number): number {
  return Math.imul(hash ^ value, 0x85ebca6b) ^ (hash >>> 13);
}

function mixText(hash: number, text: string | undefined): number {
  if (text === undefined) return mix(hash, 0xffff);
  let mixed = hash;
  for (let i = 0; i < text.length; i++) mixed = mix(mixed, text.charCodeAt(i));
  return mix(mixed, text.length);
}

function isBefore(a: Sample, b: Sample): boolean {
  return a.time < b.time || (a.time === b.time && a.hash < b.hash);
}
