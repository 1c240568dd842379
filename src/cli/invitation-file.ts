import { CommandError } from '../commands/index.ts';
import { fingerprintWords, sameWords, type OpenedIntroduction } from '../identity/index.ts';
import { InstanceError, readInvitation, type Instance, type Invitation } from '../instance/index.ts';
import { readGivenText } from './files.ts';

const invitationBytesMax = 256 * 1024;

/** The invitation or reply in a file, where it is not this instance's own. @throws InstanceError INVITATION_… */
export function readInvitationFile(
  instance: Instance,
  kind: 'invitation' | 'reply',
  path: string,
): Invitation {
  const read = readInvitation(kind, readGivenText(path, kind, invitationBytesMax), path);
  if (read.introduction.instanceId !== instance.identity.instanceId) return read;
  throw new InstanceError('INVITATION_OWN', `Cannot use ${kind} ${path}: this instance made it itself`, {
    hint: `Use it at the other side; check --data, which is ${instance.folder.root} here.`,
  });
}

/** Throws where the words told by phone are not those of the introduction's certificate. */
export function refuseOtherWords(
  told: string,
  { chain, certificate, name }: OpenedIntroduction,
  doing: string,
): void {
  const found = fingerprintWords(chain[0]!);
  if (sameWords(told, found)) return;
  throw new CommandError(
    'FINGERPRINT_DIFFERS',
    `Cannot ${doing}: the words told are not those of its certificate, which names ${name}`,
    {
      hint: 'Ask again by phone. If they still differ, somebody else made this file: nothing was stored.',
      details: { told, found, fingerprint: certificate.fingerprint },
    },
  );
}
