import type { Instance } from '../instance/index.ts';

/** However fast the log grows, it is looked at no more often than this. */
const lookAgainMs = 1000;

/** Gives a text that is another one, a second later at the most, after anything was written to the database by anybody. */
export function changeStamp({ db, clock }: Pick<Instance, 'db' | 'clock'>): () => string {
  const ofOthers = db.prepare('PRAGMA data_version').pluck();
  const ofOurs = db.prepare('SELECT total_changes()').pluck();
  let looked: { readonly at: number; readonly stamp: string } | undefined;
  return () => {
    const now = clock.now();
    if (looked === undefined || Math.abs(now - looked.at) >= lookAgainMs)
      looked = { at: now, stamp: `${String(ofOthers.get())} ${String(ofOurs.get())}` };
    return looked.stamp;
  };
}
