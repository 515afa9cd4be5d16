import type { FastifyInstance } from "fastify";
import type { Kafka } from "kafkajs";
import { listenCrowdsec } from "./block/listen-crowdsec.ts";
import { Gate } from "./cluster/gate.ts";
import { topicsOf } from "./cluster/topics.ts";
import { clusterOf } from "./cluster-parts.ts";
import { placesForBlocking } from "./geo-watch.ts";
import type { Prepared } from "./prepare.ts";
import { gateParts } from "./start-gate.ts";

export interface WarmGate {
  readonly gate: Gate;
  /** Begins to read decisions, and answers bouncers once all are known. The topic has to be there. */
  start(): void;
  /** This instance leads from now on: bouncers are answered from its own ledger, and it measures by itself. */
  giveWay(): Promise<void>;
}

/** What an instance that may lead later answers gateways by until then. */
export function createWarmGate({ options, lifecycle, metrics, geo, networks }: Prepared, client: Kafka): WarmGate {
  const { config, clock, log } = options;
  const gate = new Gate({
    ...gateParts(config),
    ...{ client, topic: topicsOf(clusterOf(config)).decisions.name, proxies: networks.trusted },
    ...{ clock, log, metrics },
    ...placesForBlocking(geo),
  });
  let isOver = false;
  let bouncers: Promise<FastifyInstance | undefined> = Promise.resolve(undefined);
  const listen = async () => {
    if (isOver || !config.crowdsec) return undefined;
    return listenCrowdsec(config.crowdsec, { ledger: gate.ledger, clock, metrics, log });
  };
  const close = async () => {
    isOver = true;
    await (await bouncers)?.close();
    bouncers = Promise.resolve(undefined);
  };
  lifecycle.onStop("gate", async () => {
    await close();
    await gate.stop();
  });
  return {
    gate,
    start() {
      gate.start();
      void gate.caughtUp.then(() => {
        bouncers = listen().catch((err: unknown) => {
          log.error({ err }, "bouncers can't be answered while this instance is warm");
          return undefined;
        });
      });
    },
    async giveWay() {
      gate.leaveMeasuring();
      await close();
    },
  };
}
