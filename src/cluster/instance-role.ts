/** What one process of a cluster does: `all` of it, or a part. */
export const instanceRoles = ["all", "ingest", "detect", "respond", "gate"] as const;
export type InstanceRole = (typeof instanceRoles)[number];
