import { hostname } from 'node:os';
import type { BundleFacts } from '../../bundles/index.ts';
import type { Clock } from '../../clock.ts';
import { newSiteCertificate } from '../../identity/index.ts';
import {
  createInstance,
  instanceAt,
  InstanceError,
  type DataFolder,
  type Instance,
} from '../../instance/index.ts';
import { isFitName, refuseUnfitName } from '../given/instance-name.ts';
import { besideInstance } from './site-folder.ts';

/** What the maker is told of runs is decided by a person, each time. */
const settings = `
[report]
when = "asked"          # a person says what goes home
`;

/**
 * The instance that lives in the folder, if one does. It keeps the name it was made with.
 *
 * @throws InstanceError DATA_FOLDER_TAKEN where another name is wanted
 */
export async function instanceHere(
  { root }: DataFolder,
  name: string | undefined,
  clock: Clock,
): Promise<Instance | undefined> {
  const instance = await instanceAt(root, undefined, clock);
  const known = instance?.identity.name;
  if (name === undefined || known === undefined || known === name) return instance;
  instance?.close();
  throw new InstanceError('DATA_FOLDER_TAKEN', `Cannot work as ${name} in ${root}: that site is ${known}`, {
    hint: 'Leave the name out (--name, or name: in the answers), or choose another folder with --data.',
    details: { name: known },
  });
}

/**
 * What a site is called that is made now: as somebody here says; else as the maker of its first file calls whom it is
 * for, so that both sides speak of it by one word; else as this machine is called.
 *
 * @throws CliError USAGE_INVALID where what was said can't be a name
 */
export function newSiteName(said: string | undefined, { to }: BundleFacts): string {
  if (said === undefined) return isFitName(to.name) ? to.name : hostName();
  refuseUnfitName(said);
  return said;
}

/**
 * Makes the instance of a site. Its company certificate is made on the spot and signs nothing but the introduction:
 * its private key is gone when this returns.
 *
 * @throws InstanceError DATA_FOLDER_TAKEN, DATA_FOLDER_NOT_WRITABLE
 */
export async function makeSiteInstance({ root }: DataFolder, name: string, clock: Clock): Promise<Instance> {
  const company = await newSiteCertificate(name, new Date(clock.now()));
  const { instance } = await createInstance(root, { name, company, settings, beside: besideInstance }, clock);
  return instance;
}

/** The name of this machine, as far as it can be one of an instance. */
function hostName(): string {
  const name = hostname()
    .replaceAll(/[^\p{L}\p{N}._-]+/gu, '-')
    .replace(/^[._-]+/, '')
    .slice(0, 60);
  return isFitName(name) ? name : 'site';
}
