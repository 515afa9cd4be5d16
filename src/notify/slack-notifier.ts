import { IncomingWebhook, type FetchFunction } from "@slack/webhook";
import type { Clock } from "../clock.ts";
import { failedAnswer, failedRequest, postJson, type HttpAnswer } from "./http-post.ts";
import type { Notifier, SendResult } from "./notifier.ts";
import type { SlackChannel } from "./notify-config.ts";
import { slackMessage } from "./slack-message.ts";

/** Posts to a Slack incoming webhook. Slack can't tell a repeat apart, and takes about one message a second. */
export function createSlackNotifier(options: { channel: string; config: SlackChannel; clock: Clock }): Notifier {
  const { channel, config, clock } = options;
  return {
    channel,
    type: "slack",
    idempotent: false,
    minIntervalMs: 1_000,
    async send(page, signal): Promise<SendResult> {
      let answer: HttpAnswer | undefined;
      // The client hides the headers and takes no signal; through its `fetch` option we have both.
      const fetch: FetchFunction = async (url, init) => {
        answer = await postJson(String(url), {
          body: typeof init?.body === "string" ? init.body : "",
          signal,
          now: clock.now(),
        });
        return asResponse(String(url), answer);
      };
      try {
        const { text } = await new IncomingWebhook(config.url, { fetch }).send(slackMessage(page));
        return { kind: "sent", reference: text.slice(0, 100) };
      } catch (error) {
        return answer ? failedAnswer(answer) : failedRequest(error, signal);
      }
    },
  };
}

// helpers

function asResponse(url: string, answer: HttpAnswer): Awaited<ReturnType<FetchFunction>> {
  return {
    ok: answer.status >= 200 && answer.status < 300,
    status: answer.status,
    statusText: "",
    url,
    headers: new Headers(),
    arrayBuffer: () => new Response(answer.body).arrayBuffer(),
    json: () => Promise.resolve(JSON.parse(answer.body) as unknown),
    text: () => Promise.resolve(answer.body),
  };
}
