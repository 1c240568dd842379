/** Something that was looked at on this machine before a run. Nothing was changed by looking. */
export type HostCheck = {
  /** Unmistakable among the checks of a run, and the same the next time. */
  readonly id: string;
  /** What was looked at: `Space on /srv`. */
  readonly name: string;
  /** `lacking` keeps a run from being started; `note` is for a person to read. */
  readonly state: 'good' | 'note' | 'lacking';
  /** What was found. */
  readonly found: string;
  /** What to do about it; null where nothing is to be done. */
  readonly hint: string | null;
  /** False where it is a script that was not run: what it would have found is not known. */
  readonly wasLookedAt?: false;
};

type Looked = Pick<HostCheck, 'id' | 'name'>;

export const good = (looked: Looked, found: string): HostCheck => ({
  ...looked,
  state: 'good',
  found,
  hint: null,
});

export const note = (looked: Looked, found: string, hint: string | null = null): HostCheck => ({
  ...looked,
  state: 'note',
  found,
  hint,
});

export const lacking = (looked: Looked, found: string, hint: string): HostCheck => ({
  ...looked,
  state: 'lacking',
  found,
  hint,
});

/** `a, b and 3 more`: as many as a person reads. */
export function fewOf(items: readonly string[], most = 3): string {
  const told = items.slice(0, most);
  const more = items.length - told.length;
  return more > 0 ? `${told.join(', ')} and ${more} more` : told.join(', ');
}
