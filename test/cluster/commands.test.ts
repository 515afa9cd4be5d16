import { describe, expect, test } from "vitest";
import type { ForwardedAnswer, ForwardedRequest } from "../../src/api/forwarding.ts";
import { CommandAsker } from "../../src/cluster/command-asker.ts";
import { commandMetrics } from "../../src/cluster/command-metrics.ts";
import { readCommand, writeAnswer, writeAsk, writeTaken } from "../../src/cluster/command-record.ts";
import { CommandRunner } from "../../src/cluster/command-runner.ts";
import { Fenced } from "../../src/cluster/transactional-producer.ts";
import { silentLog } from "../../src/log.ts";
import { createMetrics } from "../../src/metrics.ts";
import { FakeCommitter } from "../support/fake-committer.ts";
import { TestClock } from "../support/test-clock.ts";

const id = "6f0c5a4e-2b1d-4c3e-9f8a-7b6c5d4e3f2a";
const post: ForwardedRequest = {
  ...{ method: "POST", url: "/v1/incidents/inc_1/acknowledge", body: undefined },
  caller: { name: "alice", role: "responder" },
};
const get: ForwardedRequest = { ...post, method: "GET", url: "/v1/incidents" };
const ok: ForwardedAnswer = { status: 200, type: "application/json", body: "{}" };
const records = (...texts: string[]) =>
  texts.map((text, offset) => ({ key: (JSON.parse(text) as { id: string }).id, value: Buffer.from(text), offset }));

describe("asking", () => {
  function asking() {
    const clock = new TestClock();
    const sent: string[] = [];
    const broker = { fails: false };
    const asker = new CommandAsker({
      ...{ clock, metrics: commandMetrics(createMetrics()) },
      async send(_key, value) {
        if (broker.fails) throw new Error("away");
        sent.push(value);
      },
    });
    const asked = () => readCommand(sent.at(-1)!)!;
    return { clock, asker, sent, asked, broker };
  }

  test("the answer to its own request is given back, whatever else comes", async () => {
    const { asker, asked, sent } = asking();
    const answer = asker.ask({ ...post, body: "{}" });
    expect(asked()).toMatchObject({ kind: "ask", method: "POST", body: "{}", caller: post.caller });
    const other = { ...ok, body: "other" };
    asker.take(records(sent[0]!, writeTaken(asked().id), writeAnswer(id, other), writeAnswer(asked().id, ok)));
    expect(await answer).toMatchObject(ok);
  });

  test("nobody answers within 5 s: 504, and what comes later is nobody's", async () => {
    const { asker, asked, clock } = asking();
    const refused = asker.ask(get).catch((error: unknown) => error);
    await clock.advance(5_000);
    expect(await refused).toMatchObject({ code: "NO_ANSWER", statusCode: 504 });
    asker.take(records(writeAnswer(asked().id, ok)));
  });

  test("brokers that take nothing are told of at once, and too many that wait are refused", async () => {
    const { asker, broker, clock } = asking();
    broker.fails = true;
    await expect(asker.ask(get)).rejects.toMatchObject({ code: "UNAVAILABLE" });
    broker.fails = false;
    const waiting = Array.from({ length: 200 }, () => asker.ask(get).catch(() => {}));
    await expect(asker.ask(get)).rejects.toMatchObject({ code: "BUSY" });
    await clock.advance(5_000);
    await Promise.all(waiting);
  });
});

describe("running", () => {
  async function running({ caughtUp = true }: { caughtUp?: boolean } = {}) {
    const clock = new TestClock();
    const ran: ForwardedRequest[] = [];
    const lost: Error[] = [];
    const committer = new FakeCommitter();
    const lead = { holds: true, answer: ok };
    const runner = new CommandRunner({
      ...{ topic: "commands", clock, log: silentLog, metrics: commandMetrics(createMetrics()) },
      committer: () => committer,
      run: async (request) => {
        ran.push(request);
        return lead.answer;
      },
      mayAct: async () => lead.holds,
      onFenced: (error) => lost.push(error),
    });
    await runner.start();
    if (caughtUp) runner.caughtUp();
    const written = () =>
      committer.commits.flatMap(({ messages }) => messages.map(({ value }) => readCommand(String(value))!));
    const ask = (request = post, { expires = clock.now() + 5_000 } = {}) => writeAsk(id, expires, request);
    const take = async (...texts: string[]) => {
      runner.take(records(...texts));
      await clock.advance(0);
    };
    return { clock, ran, lost, committer, lead, runner, written, ask, take };
  }

  test("what changes something is first written as taken, then run, then answered", async () => {
    const { ask, take, ran, written } = await running();
    await take(ask());
    expect(ran).toEqual([post]);
    expect(written().map(({ kind }) => kind)).toEqual(["taken", "answer"]);
  });

  test("what only reads is run without that", async () => {
    const { ask, take, written } = await running();
    await take(ask(get));
    expect(written()).toMatchObject([{ kind: "answer", ...ok }]);
  });

  test("an id runs once, however often it comes", async () => {
    const { ask, take, ran } = await running();
    await take(ask(), ask());
    await take(ask());
    expect(ran).toHaveLength(1);
  });

  test("after a restart what was answered is left alone, and what was only taken is not run again", async () => {
    const { ask, take, ran, runner, written, clock } = await running({ caughtUp: false });
    await take(ask(), writeTaken(id));
    expect(ran).toEqual([]);
    runner.caughtUp();
    await clock.advance(0);
    expect(ran).toEqual([]);
    expect(written()).toMatchObject([{ kind: "answer", id, status: 504 }]);
    const again = await running({ caughtUp: false });
    await again.take(ask(), writeTaken(id), writeAnswer(id, ok));
    again.runner.caughtUp();
    await again.clock.advance(0);
    expect([again.ran, again.written()]).toEqual([[], []]);
  });

  test("what was asked while nobody worked is run by whoever comes, if somebody still waits for it", async () => {
    const { ask, take, ran, runner, clock } = await running({ caughtUp: false });
    await take(ask());
    runner.caughtUp();
    await clock.advance(0);
    expect(ran).toHaveLength(1);
    const late = await running({ caughtUp: false });
    await late.take(ask(post, { expires: late.clock.now() - 1 }));
    late.runner.caughtUp();
    await late.clock.advance(0);
    expect(late.ran).toEqual([]);
  });

  test("nothing is run that could not be written as taken, nor by one who works no more", async () => {
    const { ask, take, ran, committer, lead } = await running();
    committer.fail = new Error("away");
    await take(ask());
    lead.holds = false;
    await take(ask().replaceAll(id, id.replace("6f", "7f")));
    expect(ran).toEqual([]);
  });

  test("whoever was fenced says so, and runs nothing", async () => {
    const { ask, take, ran, committer, lost } = await running();
    committer.fail = new Fenced("gatewatch-commands");
    await take(ask());
    expect([ran.length, lost.length]).toEqual([0, 1]);
  });

  test("an answer that is too large for a record is refused with its reason", async () => {
    const { ask, take, lead, written } = await running();
    lead.answer = { ...ok, body: "x".repeat(800 * 1024) };
    await take(ask(get));
    expect(written()).toMatchObject([{ status: 413 }]);
  });
});

describe("what is no command is not read as one", () => {
  const ask = JSON.parse(writeAsk(id, 0, post)) as object;
  test.for<[string, string]>([
    ["no JSON", "{"],
    ["another version", JSON.stringify({ ...ask, v: 2 })],
    ["an id that is none", JSON.stringify({ ...ask, id: "1" })],
    ["another host", JSON.stringify({ ...ask, url: "http://evil.example/v1/" })],
    ["a path outside the API", JSON.stringify({ ...ask, url: "/metrics" })],
    ["a line break in the path", JSON.stringify({ ...ask, url: "/v1/a\r\nx: y" })],
    ["a method that the API hasn't", JSON.stringify({ ...ask, method: "CONNECT" })],
    ["a role that nobody has", JSON.stringify({ ...ask, caller: { name: "a", role: "root" } })],
    ["a body that is too long", JSON.stringify({ ...ask, body: "x".repeat(64 * 1024 + 1) })],
    ["a status that is none", JSON.stringify({ ...JSON.parse(writeAnswer(id, ok)), status: 99 })],
  ])("%s", ([, text]) => expect(readCommand(text)).toBeUndefined());
});
