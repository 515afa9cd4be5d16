import { z } from "zod";

const tls = z.strictObject({
  ca: z
    .string()
    .optional()
    .meta({ description: "File with the authority's certificates.", examples: ["/etc/ssl/ca.pem"] }),
  cert: z
    .string()
    .optional()
    .meta({ description: "File with our certificate.", examples: ["/etc/ssl/client.pem"] }),
  key: z
    .string()
    .optional()
    .meta({ description: "File with our private key.", examples: ["/etc/ssl/client.key"] }),
  serverName: z
    .string()
    .optional()
    .meta({ description: "The name expected in the broker's certificate.", examples: ["kafka.internal"] }),
});

const sasl = z.strictObject({
  mechanism: z
    .enum(["plain", "scram-sha-256", "scram-sha-512"])
    .meta({ description: "How to sign in.", examples: ["scram-sha-512"] }),
  username: z
    .string()
    .min(1)
    .meta({ description: "User name.", examples: ["gatewatch"] }),
  password: z
    .string()
    .min(1)
    .meta({ description: "Password.", examples: ["${KAFKA_PASSWORD}"] }),
});

/** How brokers are reached: the part that a Kafka source and `cluster` have in common. */
export const kafkaConnection = {
  brokers: z
    .array(z.string().regex(/^[^\s:]+:\d{1,5}$|^\[[0-9a-fA-F:]+\]:\d{1,5}$/, { error: "expected host:port" }))
    .min(1)
    .meta({ description: "Brokers to ask first.", examples: [["kafka-1:9092"]] }),
  tls: z
    .union([z.boolean(), tls])
    .default(false)
    .meta({ description: "Encrypt: true, false, or files and a server name.", examples: [{ ca: "/etc/ssl/ca.pem" }] }),
  sasl: sasl.optional().meta({
    description: "Sign in to the brokers.",
    examples: [{ mechanism: "scram-sha-512", username: "gatewatch", password: "${KAFKA_PASSWORD}" }],
  }),
};

const connection = z.object({ name: z.string(), ...kafkaConnection });

/** Brokers, and the name that tells in logs whose connection it is. */
export type KafkaConnection = z.output<typeof connection>;
