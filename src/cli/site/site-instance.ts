import { hostname } from 'node:os';
import type { Clock } from '../../clock.ts';
import { newSiteCertificate } from '../../identity/index.ts';
import { createInstance, instanceAt, type DataFolder, type Instance } from '../../instance/index.ts';
import { isFitName, refuseUnfitName } from '../instance-name.ts';
import { besideInstance } from './site-folder.ts';

/** What the maker is told of runs is decided by a person, each time. */
const settings = `
[report]
when = "asked"          # a person says what goes home
`;

/** The instance that lives in the folder, if one does. @throws InstanceError DATA_FOLDER_TAKEN where it has another name */
export async function instanceHere(
  { root }: DataFolder,
  name: string | undefined,
  clock: Clock,
): Promise<Instance | undefined> {
  return await instanceAt(root, name, clock);
}

/**
 * Makes the instance of a site. Its company certificate is made on the spot and signs nothing but the introduction:
 * its private key is gone when this returns.
 *
 * @throws InstanceError DATA_FOLDER_TAKEN, DATA_FOLDER_NOT_WRITABLE
 */
export async function makeSiteInstance(
  { root }: DataFolder,
  wanted: string | undefined,
  clock: Clock,
): Promise<Instance> {
  const name = wanted ?? hostName();
  refuseUnfitName(name);
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
