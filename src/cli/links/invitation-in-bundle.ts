import { statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { BundleError, findBundles, frontError, type FoundBundle } from '../../bundles/index.ts';
import { InstanceError, type Instance, type Invitation } from '../../instance/index.ts';
import { bundleInInstaller } from '../../installer/index.ts';
import { misuse } from '../command.ts';
import { bundleInvitation, readInvitationFile } from './invitation-file.ts';

/** An invitation that a person named, and the bundle that brought it, where one did. */
export type BroughtInvitation = { readonly invitation: Invitation; readonly bundle: FoundBundle | undefined };

/**
 * The invitation in a file, or that of the open bundle in a file, an installer or a folder.
 *
 * @throws InstanceError INVITATION_INVALID, INVITATION_OWN; CliError FILE_NOT_READABLE, USAGE_INVALID where several
 * invitations lie there; BundleError BUNDLE_VERSION_UNKNOWN, BUNDLE_FRONT_DAMAGED
 */
export async function invitationAt(instance: Instance, path: string): Promise<BroughtInvitation> {
  const bundle = (await beginsAsText(path)) ? undefined : await openBundleAt(path);
  if (bundle === undefined)
    return { invitation: readInvitationFile(instance, 'invitation', path), bundle: undefined };
  const invitation = bundleInvitation(instance, bundle);
  if (invitation !== undefined) return { invitation, bundle };
  throw new InstanceError(
    'INVITATION_INVALID',
    `Cannot take an invitation from ${path}: bundle ${bundle.facts.number} from ${bundle.facts.from.name} brings none, since it is sealed to ${bundle.facts.to.name}`,
    { hint: 'Use the file that `crossgap link invite` wrote at the other side.' },
  );
}

/** What `link invite` writes begins with a brace; no bundle does. */
async function beginsAsText(path: string): Promise<boolean> {
  if (statSync(path, { throwIfNoEntry: false })?.isFile() !== true) return false;
  try {
    await using file = await open(path, 'r');
    const { buffer } = await file.read(Buffer.alloc(1), 0, 1, 0);
    return buffer.toString('latin1') === '{';
  } catch {
    // Why it can't be read is told by who reads it.
    return true;
  }
}

/** The bundle that lies at a path, an open one first; undefined where there is none. */
async function openBundleAt(path: string): Promise<FoundBundle | undefined> {
  const { bundles, spoilt } = await bundlesAt(path);
  const brought = bundles.filter(({ facts }) => facts.format === 2);
  const links = new Set(brought.map(({ facts }) => `${facts.from.instance} ${facts.link}`));
  if (links.size > 1)
    throw misuse(
      `Cannot choose an invitation from ${path}: bundles for ${[...new Set(brought.map(({ facts }) => facts.to.name))].join(', ')} lie there`,
      'Name the file of one of them.',
    );
  const found = brought.at(-1) ?? bundles[0];
  const [unfit] = spoilt;
  if (found === undefined && unfit !== undefined) throw frontError(unfit);
  return found;
}

async function bundlesAt(path: string): ReturnType<typeof findBundles> {
  try {
    return await findBundles([path], bundleInInstaller);
  } catch (error) {
    // What is no bundle is told as what is no invitation.
    const isNone =
      error instanceof BundleError &&
      (error.code === 'BUNDLE_NOT_FOUND' || error.code === 'BUNDLE_PART_UNREADABLE');
    if (isNone) return { bundles: [], spoilt: [] };
    throw error;
  }
}
