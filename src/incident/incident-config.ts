import { z } from "zod";

/** `runbooks:` of the configuration. */
export const runbooksConfig = z.strictObject({
  directories: z
    .array(z.string().min(1))
    .default([])
    .meta({
      description:
        "Folders with your own runbooks, beside the shipped ones, relative to the configuration file. A file of the same name takes the place of a shipped one.",
      examples: [["./runbooks"]],
    }),
});

const channelNames = z.array(z.string().min(1));

/** `teams:` of the configuration: who is paged, and where. The first one is paged where nobody owns the endpoint. */
export const teamsConfig = z
  .record(
    z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, {
      error: "expected a team's name: lower-case letters, digits and hyphens",
    }),
    z.strictObject({
      channels: channelNames.min(1).meta({
        description: "Channels the team is told on, by their names under `channels:`; all of them.",
        examples: [["identity-slack", "oncall-mail"]],
      }),
      fallback: channelNames.default([]).meta({
        description: "Channels to use when one of the others is down, tried in this order.",
        examples: [["backup-hook"]],
      }),
    }),
  )
  .default({})
  .meta({
    description:
      "Teams by name. Runbooks page a team by its name, or `owner`: the team that owns the endpoint; where nobody does, the first team of this list is told.",
    examples: [{ identity: { channels: ["identity-slack"], fallback: ["oncall-mail"] } }],
  });

export type RunbooksConfig = z.infer<typeof runbooksConfig>;
export type TeamsConfig = z.infer<typeof teamsConfig>;
