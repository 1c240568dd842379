/**
 * How long a test waits for what must come. Only what hangs may end by it: a host that is many times slower than usual
 * changes no result. Where a time-out is what a test is about, it names a short one of its own.
 */
export const patienceMs = 120_000;
