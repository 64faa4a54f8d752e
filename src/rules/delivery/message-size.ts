/** Largest message that a proxy takes where nothing else is said: far above the 4 MiB of daprd. */
export const defaultMaxMessageBytes = 64 * 1024 ** 2;

/** The most that can be said. */
export const largestMessageBytes = 2 * 1024 ** 3;
