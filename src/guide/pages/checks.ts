import { changedBefore } from '../changed-before.ts';
import { GuideError } from '../errors.ts';
import { isBefore, isInstalling, releaseName, standingOf, type Known } from '../known.ts';
import { goOn, never, next, once, stay, type Hand, type Leaf } from '../leaf.ts';
import type { Check } from '../page.ts';
import { count } from '../../words.ts';

/** Everything that can be looked at before anything is done, at once; nothing goes on while something is lacking. */
export const checks: Leaf = {
  id: 'checks',
  keys: (known) => (isInstalling(known) && isBefore(known) && standingOf(known) !== undefined ? once : never),
  async enter(hand) {
    await lookAtAll(hand);
    refuseLacking(hand.known);
  },
  show: (known) => {
    const { checks: found } = known;
    const isGood = found !== null && !found.some(isLacking);
    return {
      title: 'Is this machine ready',
      blocks: [
        ...(found === null || found.length === 0 ? [] : [{ kind: 'checks', checks: found } as const]),
        { kind: 'text', text: saidOf(known) },
      ],
      tellsTrouble: found?.some(isLacking) === true,
      actions: [...(isGood ? [goOn] : []), { id: 'again', label: 'Look again', about: null }],
    };
  },
  async take(hand, _key, { action }) {
    if (action === 'next') return next;
    await lookAtAll(hand);
    refuseLacking(hand.known);
    return stay;
  },
};

export const isLacking = ({ state }: Check): boolean => state === 'lacking';

function saidOf(known: Known): string {
  const { checks: found } = known;
  if (found === null) return 'This machine is being looked at. Nothing is changed by that.';
  return found.some(isLacking)
    ? `${changedBefore(known) ?? 'Nothing was changed.'} Mend what is lacking and look again, or go back to mend what was typed. Who leaves is asked anew at the next start.`
    : `${leftOpen(found) ?? 'All is as it should be.'} ${changedBefore(known) ?? 'Nothing was changed so far.'}`;
}

/** Says where something was not looked at that the maker wants looked at; null where all was. */
export function leftOpen(checks: readonly Check[]): string | null {
  const open = checks.filter(({ wasLookedAt }) => wasLookedAt === false).length;
  return open === 0
    ? null
    : `Nothing is lacking as far as it was looked; ${open} of ${count(checks.length, 'check')} ${open === 1 ? 'was' : 'were'} not looked at.`;
}

/** What the machine has, and what the connection tests find that were not run yet with these values. */
async function lookAtAll({ site, known, learn, signal }: Hand): Promise<void> {
  const { environment, inputs } = standingOf(known)!;
  const { typed, options } = known;
  const look = { signal, approvedSet: options.approvedSet ?? null };
  const tests = inputs.filter(({ hasTest }) => hasTest);
  const [host, ...tried] = await Promise.all([
    site.check(environment, typed, look),
    ...tests.map(({ name }) => site.tryInput(environment, name, typed, look)),
  ]);
  learn({
    checks: [...host, ...tried],
    tried: Object.fromEntries(tests.map(({ name }, at) => [name, tried[at]!])),
  });
}

function refuseLacking(known: Known): void {
  const lacking = (known.checks ?? []).filter(isLacking);
  if (lacking.length === 0) return;
  const [first] = lacking;
  const what = lacking.map(({ name, found }) => `${name}: ${found}`).join('; ');
  throw new GuideError(
    'CHECKS_LACKING',
    `Cannot install ${releaseName(known)}: ${count(lacking.length, 'thing')} on this machine ${lacking.length === 1 ? 'is' : 'are'} lacking: ${what}`,
    {
      hint: first?.hint ?? 'Mend that, and start again; nothing was changed.',
      details: { lacking },
    },
  );
}
