import { type CapturedRequest, type HttpCapture, startHttpCapture } from "./http-capture.ts";
import { type SmtpCapture, startSmtpCapture } from "./smtp-capture.ts";

/** Signs what goes to the team's webhook. */
export const hookSecret = "whsec_dGhlLXRlYW1zLXdlYmhvb2stc2VjcmV0LTMyYnl0ZXM=";

/** A receiver for each kind of channel, and the configuration that sends to them. */
export interface PagedChannels {
  readonly smtp: SmtpCapture;
  readonly slack: HttpCapture;
  readonly pagerduty: HttpCapture;
  readonly hook: HttpCapture;
  /** `teams` and `channels` of a configuration: one team, `identity`, with all four channels. */
  readonly config: { readonly teams: object; readonly channels: object };
  /** Everything that was sent, as text. */
  everything(): string;
  close(): Promise<void>;
}

/** Starts a mail server, a Slack, a PagerDuty and a webhook receiver on loopback. */
export async function startChannels(): Promise<PagedChannels> {
  const smtp = await startSmtpCapture();
  const slack = await startHttpCapture({ status: 200, body: "ok" });
  const pagerduty = await startHttpCapture({ status: 202, body: '{"status":"success","message":"Event processed"}' });
  const hook = await startHttpCapture({ status: 204 });
  return {
    smtp,
    slack,
    pagerduty,
    hook,
    config: {
      teams: { identity: { channels: ["chat", "mail", "pager", "hook"] } },
      channels: {
        chat: { type: "slack", url: slack.url },
        mail: {
          type: "mail",
          from: "gatewatch@shop.example",
          to: ["oncall@shop.example"],
          smtp: { host: "127.0.0.1", port: smtp.port, tls: "none" },
        },
        pager: { type: "pagerduty", routingKey: "0123456789abcdef0123456789abcdef", url: pagerduty.url },
        hook: { type: "webhook", url: hook.url, secret: hookSecret },
      },
    },
    everything: () =>
      [
        ...smtp.mails.flatMap(({ raw, mail }) => [raw, mail.subject, mail.text, mail.html]),
        ...[slack, pagerduty, hook].flatMap(({ requests }) => requests.map(({ body }) => body)),
      ].join("\n"),
    async close() {
      await Promise.all([smtp.close(), slack.close(), pagerduty.close(), hook.close()]);
    },
  };
}

/** The JSON bodies of requests. */
export function bodiesOf<T>(requests: readonly CapturedRequest[]): T[] {
  return requests.map(({ body }) => JSON.parse(body) as T);
}
