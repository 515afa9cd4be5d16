import type { AddressInfo, Socket } from "node:net";
import { createServer } from "node:net";
import { simpleParser, type ParsedMail } from "mailparser";
import { SMTPServer, type SMTPServerOptions, type SMTPServerSession } from "smtp-server";

/** One mail, as the server took it. */
export interface CapturedMail {
  readonly from: string;
  readonly to: readonly string[];
  readonly raw: string;
  readonly mail: ParsedMail;
  readonly secure: boolean;
}

export interface SmtpCapture {
  readonly port: number;
  readonly mails: readonly CapturedMail[];
  /** Mails are refused with this SMTP status from now on; `undefined` takes them. */
  refuse(status: number | undefined): void;
  close(): Promise<void>;
}

/** A real SMTP server on a free loopback port that keeps what it is sent. */
export async function startSmtpCapture(options: SMTPServerOptions = {}): Promise<SmtpCapture> {
  const mails: CapturedMail[] = [];
  let refusal: number | undefined;
  const server = new SMTPServer({
    authOptional: true,
    disableReverseLookup: true,
    ...options,
    onData(stream, session, callback) {
      const chunks: Buffer[] = [];
      stream.on("data", (chunk: Buffer) => chunks.push(chunk));
      stream.on("end", () => {
        if (refusal !== undefined) callback(Object.assign(new Error("not now"), { responseCode: refusal }));
        else keep(Buffer.concat(chunks).toString("utf8"), session, callback);
      });
    },
  });
  function keep(raw: string, { envelope, secure }: SMTPServerSession, done: (error?: Error | null) => void): void {
    const from = envelope.mailFrom ? envelope.mailFrom.address : "";
    const to = envelope.rcptTo.map(({ address }) => address);
    simpleParser(raw, (error: Error | null, mail) => {
      if (!error) mails.push({ from, to, raw, mail, secure });
      done(error);
    });
  }
  server.on("error", () => {}); // clients that hang up are part of the tests
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.server.address() as AddressInfo).port,
    mails,
    refuse(status) {
      refusal = status;
    },
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

/** A server that takes connections and says nothing. */
export async function startSilentServer(): Promise<{ port: number; close(): Promise<void> }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    close() {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
