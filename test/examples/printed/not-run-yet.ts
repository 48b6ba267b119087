/** Scenes that are written but not played yet, each with its reason: their commands count as printed, not as tested. */
export const NOT_RUN_YET: Readonly<Record<string, string>> = {};
