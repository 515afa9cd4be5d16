/** A `day` is long and quiet, with nearly all attacks; a `rush` short and busy. */
export const sceneNames = ["day", "rush"] as const;
export type SceneName = (typeof sceneNames)[number];
