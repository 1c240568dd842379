import { readWarnings } from '../../daemon/index.ts';
import type { Instance } from '../../instance/index.ts';
import { count } from '../../words.ts';
import { good, wrong, type Finding } from './finding.ts';

/** What to do about what the page warns of. */
const remedies: Readonly<Record<string, readonly [level: 'advice' | 'wrong', hint: string]>> = {
  ROLLED_BACK: [
    'wrong',
    'Sync with the peers, so that they give the missing entries back; if nobody has them: crossgap log new-epoch --reason TEXT.',
  ],
  SIDE_FILE_MISSING: [
    'wrong',
    'If this database was never put back from a backup: crossgap log confirm; else sync with the peers first.',
  ],
  SIDE_FILE_DAMAGED: [
    'wrong',
    'If this database was never put back from a backup: crossgap log confirm; else sync with the peers first.',
  ],
  UNSURE: [
    'wrong',
    'Sync with that peer, so that it gives the entries back; if it can’t: crossgap log new-epoch --reason TEXT.',
  ],
  DUPLICATE_IDENTITY: [
    'wrong',
    'Look for a second daemon with a copy of these keys and end it; then: crossgap identity rotate --certificate PFX.',
  ],
  FEED_FROZEN: ['wrong', 'Ask its author what happened; then: crossgap log allow-epoch FEED.'],
  BLOB_REFUSED: ['wrong', 'Ask its author to look at the package; a new release may carry another one.'],
  CLOCK_ODD: ['advice', 'Compare both clocks with a third one, such as that of a telephone.'],
  ENTRIES_PRESUMED: ['advice', 'Ask their author; nothing follows from them.'],
  ENTRIES_UNKNOWN: ['advice', 'Update crossgap here; they are read at the next start.'],
};

const shownMax = 20;

/** Whether every entry is what its author signed, and whether this instance may sign. */
export async function checkLog(instance: Instance): Promise<Finding[]> {
  const report = await instance.log.verify({ full: false });
  const { firstBad } = report;
  const verified =
    firstBad === undefined
      ? good('log', `every entry is as it was signed, ${count(report.entries, 'entry', 'entries')} in all`)
      : {
          ...wrong(
            'log',
            `entry ${firstBad.seq} of the feed ${firstBad.feed} is not as it was signed: ${firstBad.message}`,
            'Stop the daemon, keep a copy of the data folder, and restore the newest backup; peers give back what came later.',
          ),
          code: firstBad.code,
        };
  return [
    verified,
    ...readWarnings(instance)
      .slice(0, shownMax)
      .map(({ code, message }): Finding => {
        const [level, hint] = remedies[code] ?? (['advice', 'See it on the status page.'] as const);
        return { level, about: code === 'CLOCK_ODD' ? 'clock' : 'log', code, message, hint };
      }),
  ];
}
