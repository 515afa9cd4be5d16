import { confidences } from "../detect/detection.ts";
import type { Verdict } from "./decision.ts";
import { formatDuration } from "../units.ts";
import type { Candidate, GuardFacts, GuardRule } from "./guard-rule.ts";
import { loginsOf, outageOfLogins } from "./login-outage.ts";
import { specialKind } from "./special-networks.ts";
import { targetNetwork } from "./target.ts";

type Answer = Omit<Verdict, "rule">;

const yes = (reason: string): Answer => ({ says: "yes", reason });
const no = (reason: string): Answer => ({ says: "no", reason });
const ask = (reason: string): Answer => ({ says: "ask", reason });
const softer = (reason: string): Answer => ({ says: "softer", reason });

/** After a person let somebody in, gatewatch alone doesn't block them again for an hour. */
const letInMs = 3_600_000;
/** After a wave was lifted because checkouts dropped, nothing is blocked without a person for so long. */
export const afterWaveMs = 30 * 60_000;
/** Ranges wider than these hold many people: a provider's customers, a company. */
const widestRange = { 4: 24, 6: 48 } as const;

/** Allow-listed addresses, networks, users and keys; also where a range would hit them. */
const allowList = rule("allow-list", ({ target }, { allow }) => {
  const found = allow.entryFor(target);
  if (found === "unknown") return ask("some networks are allow-listed by number, and this one's can't be told");
  return found ? no(`allow-listed by ${found.entry}`) : yes("on no allow-list");
});

/** An address that could be forged would block whoever the forger chose. */
const certainClient = rule("certain-client", ({ target, detection }) => {
  if (detection.clientIpCertain) return yes("the client's address is certain");
  const named = target.scope === "user" || target.scope === "apiKey" || target.scope === "session";
  return (named ? ask : no)("the client's address is only guessed and could be forged");
});

const specialAddress = rule("special-address", ({ target }) => {
  const network = targetNetwork(target);
  const kind = network && specialKind(network);
  return kind === undefined ? yes("no special address") : no(`${kind}: not one client on the internet`);
});

const ownAddress = rule("own-address", ({ target }, { own }) => {
  const network = targetNetwork(target);
  const entry = network && own.touching(network);
  return entry === undefined ? yes("no proxy or gateway of ours") : no(`${entry} is a proxy or gateway of ours`);
});

/** A CDN that does not stand before us: its addresses are many people's way out, or a hop that nobody named. */
const providerAddress = rule("provider-address", ({ target }, { providers }) => {
  const network = targetNetwork(target);
  const entry = network && providers.touching(network);
  return entry === undefined ? yes("no address of a known provider") : ask(`${entry} has many people behind it`);
});

/** With a hop that is not named, every address is that hop's: a block would hit everybody, or nobody. */
const proxyTrust = rule("proxy-trust", ({ target }, { traffic }) => {
  if (target.scope === "user" || target.scope === "apiKey" || target.scope === "session") {
    return yes("not about an address");
  }
  const misplaced = traffic.proxyTrust();
  return misplaced === undefined ? yes("users come from many addresses") : no(misplaced.reason);
});

const broadTarget = rule("broad-target", ({ target }) => {
  if (target.scope === "country" || target.scope === "as") return ask(`a whole ${target.scope} is many people`);
  const network = targetNetwork(target);
  if (!network || network.prefix >= widestRange[network.version]) return yes("a narrow target");
  return ask(`a range wider than /${widestRange[network.version]} is many people`);
});

const sharedAddress = rule("shared-address", ({ target, block }, { traffic, limits }) => {
  if (target.scope !== "ip" && target.scope !== "range") return yes("not about an address");
  const users = traffic.successfulUsers(target.value);
  if (users !== undefined && users <= limits.maxUsersBehindAddress) {
    return yes(`${users} users signed in from it within a day`);
  }
  const reason =
    users === undefined
      ? "the log doesn't tell how many users share the address"
      : `about ${users} users signed in from it within a day, more than ${limits.maxUsersBehindAddress}`;
  // A throttle is already what a shared address gets.
  return users !== undefined && block.action === "throttle" ? yes(reason) : softer(reason);
});

const clientShare = rule("client-share", ({ target }, { traffic, limits, recent }) => {
  if (target.scope !== "ip" && target.scope !== "range") return yes("not about an address");
  const blocked = recent.clients + 1;
  if (blocked <= limits.minClients) return yes(`${blocked} clients in ten minutes`);
  const active = traffic.activeClients();
  if (active === undefined) return ask(`${blocked} clients in ten minutes, and it can't be told of how many`);
  const most = active * limits.maxShareOfClients;
  return blocked <= most
    ? yes(`${blocked} of about ${active} clients in ten minutes`)
    : ask(`${blocked} of about ${active} clients in ten minutes: more than ${limits.maxShareOfClients * 100} %`);
});

const decisionRate = rule("decision-rate", (_, { recent, limits }) =>
  recent.lastMinute < limits.maxDecisionsPerMinute
    ? yes(`${recent.lastMinute} others in the last minute`)
    : ask(`${recent.lastMinute} others in the last minute, the most there may be is ${limits.maxDecisionsPerMinute}`),
);

/** An outage of the identity service makes every customer look like an attacker. */
const loginOutage = rule("login-outage", ({ detection }, { traffic, recent }) => {
  if (detection.endpointClass !== "login") return yes("not about logins");
  const share = traffic.loginFailedShare();
  if (share === undefined) return ask("the site's share of failed logins can't be told");
  const own = loginsOf(detection);
  const outage = outageOfLogins(share, {
    attempts: own.attempts + recent.logins.attempts,
    failures: own.failures + recent.logins.failures,
  });
  return outage.isOutage ? no(outage.reason) : yes(outage.reason);
});

const checkoutDrop = rule("checkout-drop", (_, { waveLiftedAt, now }) =>
  waveLiftedAt !== undefined && now - waveLiftedAt < afterWaveMs
    ? ask(`a wave of blocks was lifted ${ago(now - waveLiftedAt)} because checkouts dropped`)
    : yes("checkouts did not drop after blocks"),
);

const fresh = rule("fresh", ({ detection }) =>
  detection.stale ? no("judged long after its events: whoever it was may be gone") : yes("judged in time"),
);

/** One detector far over its floor, or two that watch different things. */
const confidence = rule("confidence", ({ detection, block }, { confirming }) => {
  if (detection.coverage === "reduced") return ask("the traffic lacks a field that would make this surer");
  const has = confidences.indexOf(detection.confidence);
  const sure = `${detection.confidence} confidence, ${detection.strength} times the detector's floor`;
  const { confidence: needed = "high" } = block;
  if (has >= confidences.indexOf(needed)) return yes(sure);
  if (confirming.length > 0) return yes(`${sure}; confirmed by ${confirming.join(", ")}`);
  return ask(`${sure}: a block needs ${needed}, or another detector that names the same target`);
});

const letIn = rule("let-in", (_, { letInAt, now }) =>
  letInAt !== undefined && now - letInAt < letInMs
    ? ask(`a person let them in ${ago(now - letInAt)}`)
    : yes("nobody let them in lately"),
);

const room = rule("room", (_, { ledgerFull }) =>
  ledgerFull ? no("the ledger is full") : yes("there is room in the ledger"),
);

/** Every rule, the gravest first. */
export const guardRules: readonly GuardRule[] = [
  allowList, certainClient, specialAddress, ownAddress, proxyTrust, fresh, loginOutage, room,
  broadTarget, providerAddress, clientShare, decisionRate, checkoutDrop, confidence, letIn, sharedAddress,
]; // prettier-ignore

// helpers

function rule(id: string, judge: (candidate: Candidate, facts: GuardFacts) => Answer): GuardRule {
  return { id, judge };
}

function ago(ms: number): string {
  return ms < 60_000 ? "less than a minute ago" : `${formatDuration(Math.floor(ms / 60_000) * 60_000)} ago`;
}
