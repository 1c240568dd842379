import { currentFolder } from '../../convention.ts';
import type { Feature, FeatureDone, FeatureWork } from '../feature.ts';
import { runFeatureScript } from '../run-feature-script.ts';
import { editIis, iisFile, iisLacking } from './configuration-file.ts';
import { iisScripts } from './scripts.ts';
import { iisSettings, readIis, type IisWish } from './settings.ts';
import { withWishes } from './site.ts';

const name = 'Octopus.Features.IISWebSite';

/** Sites, applications, virtual directories and pools of IIS, as edits of its configuration file, each made at once. */
export const iisSite: Feature = {
  name,
  called: 'an IIS site',
  settings: iisSettings,
  lacking: iisLacking,
  stages: {
    BeforePreDeploy: { does: 'its settings are read', run: lookBefore },
    BeforePostDeploy: { does: 'it is made, or brought to what is asked for', run: setUp },
  },
};

/** Before anything is changed: the settings can be used, and what is asked for fits what is there. */
async function lookBefore(work: FeatureWork): Promise<FeatureDone> {
  const wishes = readIis(work.settings, currentFolder(work) ?? '');
  return wishes.length === 0
    ? { detail: 'neither site, application nor virtual directory is asked for' }
    : {};
}

async function setUp(work: FeatureWork): Promise<FeatureDone> {
  const wishes = readIis(work.settings, currentFolder(work)!);
  if (wishes.length === 0) return {};
  const file = iisFile(work.settings, process.platform, process.env)!;
  warnOfPasswords(work, wishes, file);
  const { changes, files } = await editIis(work, file, (text) => withWishes(text, wishes));
  for (const change of changes) work.log('info', change);
  if (process.platform === 'win32') {
    await runFeatureScript(
      work,
      name,
      'BeforePostDeploy',
      { kind: 'powershell', text: iisScripts.start },
      startValues(wishes),
    );
  } else if (certificatesOf(wishes).length > 0) {
    work.log('warning', 'Which certificate https takes is known to Windows itself and is not set here');
  }
  return { files, detail: changes.join('; ') || `${file} has all that is asked for` };
}

function warnOfPasswords(work: FeatureWork, wishes: readonly IisWish[], file: string): void {
  const pools = wishes.flatMap((wish) =>
    wish.kind !== 'directory' && wish.pool.password !== undefined ? [wish.pool.name] : [],
  );
  for (const pool of new Set(pools)) {
    const advice = 'a managed service account (user ending in $) needs none';
    work.log('warning', `The password of pool ${pool} stands in ${file} as it is; ${advice}`);
  }
}

const certificatesOf = (wishes: readonly IisWish[]) =>
  wishes.flatMap((wish) =>
    wish.kind === 'site' ? wish.bindings.filter(({ thumbprint }) => thumbprint !== '') : [],
  );

/** What the script is told, as variables: sites, pools and certificates, a line each. */
function startValues(wishes: readonly IisWish[]): Record<string, string> {
  const sites = wishes.flatMap((wish) => (wish.kind === 'site' ? [wish.site] : []));
  const pools = wishes.flatMap((wish) => (wish.kind === 'directory' ? [] : [wish.pool.name]));
  const certificates = certificatesOf(wishes).map(
    ({ information, sni, thumbprint }) => `${thumbprint} ${sni ? 'sni' : 'ip'} ${information}`,
  );
  return {
    'Crossgap.Action.IIS.Sites': [...new Set(sites)].join('\n'),
    'Crossgap.Action.IIS.Pools': [...new Set(pools)].join('\n'),
    'Crossgap.Action.IIS.Certificates': certificates.join('\n'),
  };
}
