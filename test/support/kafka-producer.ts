import { open } from "node:fs/promises";
import kafkajs from "kafkajs";

export interface Producer {
  /** One record a line; resolves once the broker has them. */
  send(lines: readonly (string | Buffer)[], partition?: number): Promise<void>;
  close(): Promise<void>;
}

/** Connects a producer for one topic. */
export async function connectProducer(brokers: string[], topic: string): Promise<Producer> {
  const client = new kafkajs.Kafka({ brokers, logLevel: kafkajs.logLevel.NOTHING });
  const producer = client.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner });
  await producer.connect();
  return {
    async send(lines, partition = 0) {
      await producer.send({ topic, messages: lines.map((value) => ({ value, partition })) });
    },
    close: () => producer.disconnect(),
  };
}

/** Produces each line of a growing file, as a log shipper does; the result ends it and rejects with what went wrong. */
export function shipFile(path: string, producer: Producer): () => Promise<void> {
  const state = { running: true };
  const shipping = (async () => {
    const file = await open(path, "r");
    try {
      const buffer = Buffer.alloc(1024 ** 2);
      let at = 0;
      while (state.running) {
        const { bytesRead } = await file.read(buffer, 0, buffer.length, at);
        const end = buffer.subarray(0, bytesRead).lastIndexOf(0x0a) + 1;
        if (end > 0) await producer.send(buffer.toString("utf8", 0, end - 1).split("\n"));
        else await new Promise((resolve) => setTimeout(resolve, 2));
        at += end;
      }
    } finally {
      await file.close();
    }
  })();
  shipping.catch(() => {}); // told when it is ended
  return async () => {
    state.running = false;
    await shipping;
  };
}
