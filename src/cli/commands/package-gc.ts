import { clearBlobs, planClearing, type ClearPlan } from '../../daemon/index.ts';
import { count, short, size } from '../../words.ts';
import { command, flag, type Outcome } from '../command.ts';
import { section, table } from '../table.ts';

export const packageGc = command({
  path: 'package gc',
  about: 'Remove packages that no release needs which can be deployed or gone back to; age never decides',
  example: 'crossgap package gc --plan',
  args: {},
  options: {
    plan: flag('only show what would go, and what stays and why'),
    unreleased: flag('own packages that no release names yet as well'),
  },
  async run(context, _args, { plan, unreleased }): Promise<Outcome> {
    const instance = await context.open();
    const found = plan ? planClearing(instance, { unreleased }) : clearBlobs(instance, { unreleased });
    const { superfluous, leftOver } = found;
    const freedBytes = superfluous.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    const kept = reasonsOf(found);
    const went = plan ? 'would go' : 'removed';
    return {
      document: {
        plan,
        [plan ? 'removable' : 'removed']: superfluous.map(({ digest, sizeBytes, what, why, held }) => ({
          digest,
          what,
          sizeBytes,
          why,
          held,
        })),
        freedBytes,
        leftOver,
        kept,
      },
      text: [
        superfluous.length === 0
          ? 'Nothing can go'
          : `${count(superfluous.length, 'file')} ${went}, ${size(freedBytes)}`,
        ...table(
          superfluous.map(({ digest, what, sizeBytes, why, held }) => [
            `  ${what}`,
            short(digest),
            held ? size(sizeBytes) : 'not here',
            why,
          ]),
        ),
        ...(superfluous.every(({ held }) => held)
          ? []
          : [
              `What is not here never came, or was lost: ${plan ? 'it would be' : 'it is'} waited for no longer, and nothing has to be done`,
            ]),
        ...(leftOver.length === 0
          ? []
          : [`${count(leftOver.length, 'file')} given up before ${plan ? 'would go too' : 'went too'}`]),
        ...section(
          'What stays',
          table(kept.map(({ why, files, sizeBytes }) => [count(files, 'file'), size(sizeBytes), why])),
        ),
      ],
    };
  },
});

/** What stays, by the reason. */
function reasonsOf({ kept }: ClearPlan): { why: string; files: number; sizeBytes: number }[] {
  return [...Map.groupBy(kept, ({ why }) => why)].map(([why, blobs]) => ({
    why,
    files: blobs.length,
    sizeBytes: blobs.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
  }));
}
