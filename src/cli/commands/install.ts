import { basename } from 'node:path';
import { command, flag, needed, text, type Outcome } from '../command.ts';
import { guideContradictions, guideOptions, refuseContradictions } from '../guided/guide-options.ts';
import { leadThrough, mannerOf } from '../guided/lead-through.ts';
import { openSite } from '../site/index.ts';

const contradictions = [
  ['roll-back', 'uninstall'],
  ['fingerprint', 'trust'],
  ...guideContradictions,
] as const;

export const install = command({
  path: 'install',
  about:
    'Install what an installer or a bundle brings, on a machine without a daemon: a guide leads through it',
  example: 'crossgap install orders-1.0.0-installer --answers answers.yaml --check',
  args: { FILE: needed('FILE', 'the installer, or a bundle: a file, or a folder of its parts') },
  options: {
    ...guideOptions(),
    environment: text('E', 'where to, where there are several'),
    'new-environment': flag('makes the environment, where neither this site nor the release has it'),
    fingerprint: text('WORDS', "the maker's six words, as told by phone"),
    trust: text('PEM', "the maker's certificate, as your security officer keeps it"),
    name: text('NAME', 'what this site is called, at the first start (else as the maker calls it)'),
    'roll-back': flag('go back to the release that ran before'),
    uninstall: flag('take it off this machine, by the steps that its maker wrote for that'),
    result: text('FILE', 'where the small file for the maker is written'),
    bundle: text('PATH', 'where the bundle lies, for a runner (else beside it)'),
  },
  async run(context, { FILE }, options): Promise<Outcome> {
    const { result, bundle, trust, environment, fingerprint } = options;
    refuseContradictions('install', options, contradictions);
    const manner = mannerOf('install', options);
    const { answers } = manner;
    await using site = await openSite({
      file: FILE,
      data: context.folder,
      bundle,
      name: options.name ?? answers.name ?? undefined,
      trust: trust ?? answers.certificate ?? undefined,
      signal: context.signal,
    });
    return await leadThrough(context, site, {
      what: basename(site.facts.carried.path),
      asked: {
        environment: environment ?? answers.environment,
        isNewEnvironment: options['new-environment'] || answers.isNewEnvironment,
        words: fingerprint ?? answers.maker,
        wanted: options['roll-back'] ? 'roll-back' : options.uninstall ? 'uninstall' : 'install',
        resultFile: result ?? null,
      },
      manner,
    });
  },
});
