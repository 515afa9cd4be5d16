import { createTransport } from "nodemailer";
import { plainText } from "../incident/plain-text.ts";
import { mailMessage } from "./mail-message.ts";
import type { Notifier, SendResult } from "./notifier.ts";
import type { MailChannel } from "./notify-config.ts";

/**
 * A server that doesn't answer is noticed before the attempt ends, so that it is known that no
 * mail went out. These are the library's own timers; the attempt's signal bounds everything.
 */
const connectMs = 5_000;

/** Sends mail over SMTP. A mail can't be told apart from its repeat once it is in an inbox. */
export function createMailNotifier(options: { channel: string; config: MailChannel }): Notifier {
  const { channel, config } = options;
  const { host, port, tls, username, password, ca } = config.smtp;
  const transport = createTransport({
    host,
    port,
    secure: tls === "tls",
    requireTLS: tls === "starttls",
    ignoreTLS: tls === "none",
    auth: username === undefined ? undefined : { user: username, pass: password },
    tls: ca === undefined ? undefined : { ca },
    connectionTimeout: connectMs,
    greetingTimeout: connectMs,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  const domain = config.from.slice(config.from.lastIndexOf("@") + 1);
  return {
    channel,
    type: "mail",
    idempotent: false,
    async send(page, signal): Promise<SendResult> {
      const urgent = page.kind === "trigger" && page.severity === "critical";
      try {
        const sent = await transport.sendMail({
          ...mailMessage(page, domain),
          from: { name: "gatewatch", address: config.from },
          to: [...config.to],
          priority: urgent ? "high" : "normal",
          headers: { "Auto-Submitted": "auto-generated", "X-Gatewatch-Incident": plainText(page.incidentId, 100) },
          signal,
        });
        const rejected = sent.rejected.length > 0 ? `; not taken for ${sent.rejected.join(", ")}` : "";
        return { kind: "sent", reference: `${sent.messageId}${rejected}` };
      } catch (error) {
        return failedMail(error, signal);
      }
    },
    close() {
      transport.close();
      return Promise.resolve();
    },
  };
}

// helpers

/** What nodemailer adds to its errors, as far as it matters here. */
interface SmtpError {
  readonly code?: string;
  readonly responseCode?: number;
  readonly response?: string;
  readonly syscall?: string;
  readonly timeoutType?: string;
}

/** Sorts an SMTP failure: 4xx is for now, 5xx for good (RFC 5321, 4.2.1). */
function failedMail(error: unknown, signal: AbortSignal): SendResult {
  const { code = "unknown", responseCode, response, syscall, timeoutType } = error as SmtpError;
  const afterMs = undefined;
  if (responseCode !== undefined) {
    const detail = `SMTP ${plainText(response ?? String(responseCode), 200)}`;
    if (responseCode < 500) return { kind: "retry", reason: "server_error", detail, afterMs };
    return { kind: "refused", reason: code === "EAUTH" ? "unauthorized" : "rejected", detail };
  }
  if (signal.aborted)
    return { kind: "retry", reason: "timeout", detail: "no answer in time", afterMs, maybeSent: true };
  if (code === "EAUTH" || code === "ENOAUTH") return { kind: "refused", reason: "unauthorized", detail: code };
  const neverSent = /^(EDNS|ETLS|ECONNREFUSED)$/.test(code) || syscall === "connect" || timeoutType !== undefined;
  const reason = code === "ETIMEDOUT" ? "timeout" : "network";
  // A silence after the greeting also has a type; only before it is nothing sent for sure.
  const maybeSent = !neverSent || timeoutType === "SOCKET_TIMEOUT";
  return { kind: "retry", reason, detail: syscall === undefined ? code : `${code} (${syscall})`, afterMs, maybeSent };
}
