/** Milliseconds on a clock that all processes of this machine share. */
export function now(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/** What a process under measurement tells whoever started it; `at` is the moment by the clock above. */
export type Told =
  | { readonly kind: 'ready' }
  /** Entries of the watched feed up to `seq` are committed and folded. */
  | { readonly kind: 'entries'; readonly seq: number; readonly at: number }
  /** A package that came over the link was verified and is held. */
  | { readonly kind: 'package'; readonly digest: string; readonly at: number }
  /** So many bare messages were taken, with so many bytes. */
  | { readonly kind: 'messages'; readonly count: number; readonly bytes: number; readonly at: number }
  /** The answer to `facts`. */
  | { readonly kind: 'facts'; readonly peakMiB: number; readonly timeIn: readonly string[] };

/**
 * What such a process is asked: to be profiled from now on; to say what it needed so far, and where the time went since
 * it was profiled; to end.
 */
export type Asked = 'profile' | 'facts' | 'end';

/** The other end of the questions, in the process under measurement; resolves when it is to end. */
export async function answer(facts: {
  profile: (until: Promise<void>) => Promise<readonly string[]>;
  peakMiB: () => number;
}): Promise<void> {
  const over = Promise.withResolvers<void>();
  let profiling: { readonly done: Promise<readonly string[]>; readonly enough: () => void } | undefined;
  const told = async (): Promise<void> => {
    const peakMiB = facts.peakMiB();
    profiling?.enough();
    tell({ kind: 'facts', peakMiB, timeIn: (await profiling?.done) ?? [] });
    profiling = undefined;
  };
  process.on('message', (asked: Asked) => {
    switch (asked) {
      case 'profile': {
        const enough = Promise.withResolvers<void>();
        profiling = { done: facts.profile(enough.promise), enough: () => enough.resolve() };
        break;
      }
      case 'facts':
        told().catch(over.reject);
        break;
      case 'end':
        over.resolve();
    }
  });
  // Whoever started it is gone.
  process.on('disconnect', () => over.resolve());
  await over.promise;
}

export function tell(told: Told): void {
  if (process.connected) process.send!(told);
}
