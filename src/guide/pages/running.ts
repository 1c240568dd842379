import { aimOf, goneBackTo, openRun, releaseName, wayOf, type Known } from '../known.ts';
import { unusedLines } from '../run-in-words.ts';
import { never, once, stay, type Leaf } from '../leaf.ts';
import type { RunOutcome, Work } from '../site.ts';

/** The work itself, told as it goes. It is over when it came to an end or needs a person. */
export const running: Leaf = {
  id: 'running',
  keys: ({ work, outcome }) => (work !== null && outcome === null ? once : never),
  async enter({ site, known, learn, tell, progress, signal }) {
    const work = known.work!;
    const before = doneBefore(known, work);
    if (before !== undefined) tell({ tone: 'plain', text: before });
    const isFirst = !known.followed.includes(known.deployment ?? '');
    for (const text of isFirst ? unusedLines(known) : []) tell({ tone: 'strong', text });
    const hooks = { signal, tell, progress };
    const first = await site.run(work, hooks);
    const outcome = isToGoOn(known, first) && !signal.aborted ? await site.run(work, hooks) : first;
    learn({ outcome, followed: [...known.followed, outcome.deployment] });
    // A disk that takes nothing more may not let anything be looked at either.
    if (outcome.hindered !== undefined) return;
    // What is installed now, and what there is to go back to, is another.
    learn({ standings: { ...known.standings, [work.environment]: await site.standing(work.environment) } });
  },
  show: (known) => ({
    title: titleOf(known),
    blocks: [
      {
        kind: 'text',
        text: 'Each step is written down before it does anything: if the power fails, the next start says where it stopped.',
      },
    ],
    actions: [{ id: 'again', label: 'Try again', about: null }],
  }),
  take: async () => stay,
};

/**
 * Whether a run goes on that was taken to be under way and turned out to be cut off: where nobody is asked, it was said
 * before that it is gone on with then.
 */
function isToGoOn(known: Known, { state, hindered }: RunOutcome): boolean {
  const wasUnderWay = known.work?.kind === 'resume' && openRun(known)?.open.state === 'running';
  const isCutOff = state === 'interrupted' && hindered === undefined;
  return wasUnderWay && isCutOff && known.options.isUnattended === true;
}

/** What a run that is gone on with did before this start, which tells only what comes now; undefined for nothing. */
function doneBefore(known: Known, work: Work): string | undefined {
  if (work.kind !== 'resume' || known.followed.includes(work.deployment)) return undefined;
  const { open } = openRun(known) ?? {};
  if (open?.deployment !== work.deployment || open.done.length === 0) return undefined;
  return `Done before: ${open.done.join(', ')}`;
}

function titleOf(known: Known): string {
  const way = wayOf(known);
  if (way === 'resume' || way === 'decide') return 'Going on where it stopped';
  switch (aimOf(known)) {
    case 'roll-back':
      return `Going back to ${goneBackTo(known)}`;
    case 'uninstall':
      return `Uninstalling ${known.release?.process ?? ''}`;
    case 'install':
      return `Installing ${releaseName(known)}`;
  }
}
