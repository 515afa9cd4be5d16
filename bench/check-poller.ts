import { Agent, request } from "node:http";

/** Asks `/v1/check` as a gateway does, over one connection that stays open. */
export class CheckPoller {
  readonly #url: string;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });

  /** `url`: where the service listens. */
  constructor(url: string) {
    this.#url = `${url}/v1/check`;
  }

  /** Whether a client is refused now. */
  refuses(client: string): Promise<boolean> {
    return new Promise((resolve, reject) => {
      const headers = { "x-forwarded-for": client };
      const sent = request(this.#url, { agent: this.#agent, headers }, (response) => {
        response.resume().once("end", () => resolve(response.statusCode === 403));
      });
      sent.once("error", reject).end();
    });
  }

  /** Asks again and again, `pauseMs` after each answer; resolves with when it was refused (epoch ms), or `undefined` if it never was. */
  async refusedAt(client: string, options: { withinMs: number; pauseMs: number }): Promise<number | undefined> {
    const until = Date.now() + options.withinMs;
    while (Date.now() < until) {
      if (await this.refuses(client)) return Date.now();
      await new Promise((resolve) => setTimeout(resolve, options.pauseMs));
    }
    return undefined;
  }

  close(): void {
    this.#agent.destroy();
  }
}
