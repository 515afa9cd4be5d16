import { describe, expect, test } from "vitest";
import { channelsConfig, pagesConfig } from "../../src/notify/notify-config.ts";

const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const smtp = { host: "smtp.shop.example" };
const mail = { type: "mail", from: "gatewatch@shop.example", to: ["oncall@shop.example"], smtp };

test.for([
  ["slack", { type: "slack", url: "https://hooks.slack.example/services/T/B/x" }],
  ["a loopback address without encryption", { type: "slack", url: "http://127.0.0.1:9999/hook" }],
  ["mail", mail],
  ["mail with a sign-in", { ...mail, smtp: { ...smtp, username: "x", password: "y" } }],
  ["pagerduty", { type: "pagerduty", routingKey: "R0000000000000000000000000000000" }],
  ["webhook", { type: "webhook", url: "https://hooks.shop.example/gw", secret }],
  ["outbox", { type: "outbox" }],
] as [string, object][])("takes %s", ([, channel]) => {
  expect(channelsConfig.safeParse({ channel }).error).toBeUndefined();
});

test("fills in what is usual", () => {
  const channels = channelsConfig.parse({ mail, pager: { type: "pagerduty", routingKey: "R".repeat(32) } });
  expect(channels["mail"]).toMatchObject({ smtp: { port: 587, tls: "starttls" } });
  expect(channels["pager"]).toMatchObject({ url: "https://events.pagerduty.com/v2/enqueue" });
  expect(channelsConfig.parse(undefined)).toEqual({});
  expect(pagesConfig.parse(undefined)).toEqual({ perTeamPerHour: 5 });
});

describe("says what is wrong with", () => {
  test.for([
    ["a type nobody knows", { type: "pigeon" }, "channel.type", "Expected 'slack' | 'mail'"],
    ["an unknown key", { type: "outbox", url: "x" }, "channel", "Unrecognized key"],
    ["plain http", { type: "slack", url: "http://hooks.slack.example/x" }, "channel.url", "expected an https:// URL"],
    ["no URL", { type: "slack", url: "hooks" }, "channel.url", "expected a URL"],
    ["another scheme", { type: "slack", url: "file:///etc/passwd" }, "channel.url", "expected an https:// URL"],
    [
      "an address with a name",
      { ...mail, from: "Gatewatch <g@x.example>" },
      "channel.from",
      "expected a plain mail address",
    ],
    [
      "an address with a header in it",
      { ...mail, to: ["a@x.example\r\nBcc: b@x"] },
      "channel.to.0",
      "expected a plain mail address",
    ],
    ["nobody to write to", { ...mail, to: [] }, "channel.to", "Too small"],
    [
      "a password without a name",
      { ...mail, smtp: { ...smtp, password: "y" } },
      "channel.smtp",
      "expected username and password",
    ],
    [
      "a password in the clear",
      { ...mail, smtp: { ...smtp, tls: "none", username: "x", password: "y" } },
      "channel.smtp.tls",
      "readable",
    ],
    ["a short routing key", { type: "pagerduty", routingKey: "R1" }, "channel.routingKey", "expected an Events API v2"],
    [
      "a secret without its prefix",
      { type: "webhook", url: "https://x.example", secret: "abc" },
      "channel.secret",
      "expected whsec_",
    ],
    [
      "a short secret",
      { type: "webhook", url: "https://x.example", secret: "whsec_YWJj" },
      "channel.secret",
      "24 to 64",
    ],
  ] as [string, object, string, string][])("%s", ([, channel, path, message]) => {
    const issue = channelsConfig.safeParse({ channel }).error?.issues[0];
    expect(issue?.path.join(".")).toBe(path);
    expect(issue?.message).toContain(message);
  });
});
