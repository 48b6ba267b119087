const UNPROVEN = 'its expectations were never seen to hold on a quiet machine';

/** Scenes that are written but not played yet, each with its reason: their commands count as printed, not as tested. */
export const NOT_RUN_YET: Readonly<Record<string, string>> = {
  pool: UNPROVEN,
  rerun: UNPROVEN,
};
