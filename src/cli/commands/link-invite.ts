import { randomBytes } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { invite as inviteLink, type Decision } from '../../commands/index.ts';
import type { Database } from '../../db/index.ts';
import type { LinkTransport } from '../../events/index.ts';
import type { Instance } from '../../instance/index.ts';
import { describeTransport, readLinks, type LinkRow } from '../../projections/index.ts';
import { commandLine } from '../../words.ts';
import { command, needed, text, type Outcome } from '../command.ts';
import { writeGivenFile } from '../given/files.ts';
import { invitationText } from '../links/invitation-file.ts';
import { byHand, folderOption, invitingTransport, refuseUnfitName } from '../links/link-options.ts';
import { facts } from '../table.ts';

export const inviteLinkCommand = command({
  path: 'link invite',
  about: 'Make an invitation for another instance to pair with this one',
  example: 'crossgap link invite contoso --nats tls://hub.acme.example:4222 --out invitation.json',
  args: { NAME: needed('NAME', 'what this side will call the other') },
  options: {
    folder: folderOption,
    nats: text(
      'URL',
      'where our NATS server will be, tls://HOST:4222 or wss://HOST; several divided by commas',
    ),
    'by-hand': byHand,
    out: needed('FILE', 'where the invitation is written'),
  },
  async run(context, { NAME }, { folder, nats, 'by-hand': hand, out }): Promise<Outcome> {
    refuseUnfitName(NAME);
    const instance = await context.open();
    const transport = await invitingTransport(instance, { folder, nats, byHand: hand });
    const { link, decide } = invitation(instance, NAME, transport);
    const { words } = instance.identity;
    // The file first: a link whose invitation could not be written would only be in the way.
    decide(instance.db);
    const file = writeGivenFile(out, invitationText(instance, { link, transport }));
    instance.record(decide);
    return {
      document: {
        link,
        name: NAME,
        state: 'invited',
        transport: describeTransport(transport),
        folder: transport.kind === 'folder' ? transport.folder : null,
        invitation: file,
        words,
      },
      text: [
        `Invitation for ${NAME} is written to ${out}; there is no secret in it`,
        ...facts([
          ['by', describeTransport(transport)],
          ['our words', words],
        ]),
        `Send them the file and tell them the words by phone. Their reply comes back with: ${commandLine('link', 'confirm')} REPLY --fingerprint "THEIR WORDS"`,
      ],
    };
  },
});

/** A new link and what to record of it; asked for again before anybody answered it is the same one once more. */
function invitation(
  instance: Instance,
  name: string,
  transport: LinkTransport,
): { link: string; decide: (db: Database) => Decision } {
  const openIn = (db: Database): LinkRow | undefined =>
    readLinks(db).find(
      (one) => one.name === name && one.state === 'invited' && isDeepStrictEqual(one.transport, transport),
    );
  const link = openIn(instance.db)?.link ?? randomBytes(16).toString('hex');
  return {
    link,
    decide: (db) => (openIn(db)?.link === link ? [] : inviteLink(readLinks(db), { link, name, transport })),
  };
}
