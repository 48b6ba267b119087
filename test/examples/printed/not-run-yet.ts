export const NOT_RUN_YET: Readonly<Record<string, string>> = {};
