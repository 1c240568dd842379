import { acceptInvitation, confirm as confirmLink, type Decision } from '../../commands/index.ts';
import type { Database } from '../../db/index.ts';
import { fingerprintWords } from '../../identity/index.ts';
import { ensureNatsKey, writeInvitation } from '../../instance/index.ts';
import { describeTransport, readLinks } from '../../projections/index.ts';
import { commandLine } from '../../words.ts';
import { command, needed, text, type Outcome } from '../command.ts';
import { writeGivenFile } from '../files.ts';
import { readInvitationFile, refuseOtherWords } from '../invitation-file.ts';
import { linkDocument } from '../link-facts.ts';
import {
  acceptingTransport,
  byHand,
  folderOption,
  refuseOtherWay,
  refuseUnfitName,
} from '../link-options.ts';
import { facts } from '../table.ts';

export const acceptLinkCommand = command({
  path: 'link accept',
  about: 'Take an invitation in; without the words that were told by phone it stays pending',
  example: 'crossgap link accept invitation.json --fingerprint "six words told by phone" --out reply.json',
  args: { INVITATION: needed('INVITATION', 'the file the other side sent') },
  options: {
    name: text('NAME', 'what this side will call the other (else the name it gives itself)'),
    folder: folderOption,
    nats: text('URL', 'their NATS server by another address than the invitation names, as through a tunnel'),
    'by-hand': byHand,
    fingerprint: text('WORDS', "the other side's words, as told by phone"),
    out: needed('FILE', 'where the reply is written'),
  },
  async run(
    context,
    { INVITATION },
    { name, folder, nats, 'by-hand': hand, fingerprint, out },
  ): Promise<Outcome> {
    const instance = await context.open();
    const invitation = readInvitationFile(instance, 'invitation', INVITATION);
    const { introduction, link } = invitation;
    const theirs = fingerprintWords(introduction.chain[0]!);
    if (fingerprint !== undefined) refuseOtherWords(fingerprint, introduction, 'take the invitation');
    const called = name ?? introduction.name;
    refuseUnfitName(called);
    const asked = { folder, nats, byHand: hand };
    const before = readLinks(instance.db).find((one) => one.link === link && one.state !== 'removed');
    const isAgain = before?.peer === introduction.instanceId;
    if (isAgain) refuseOtherWay(before, asked);
    const transport = isAgain
      ? before.transport
      : acceptingTransport(instance, asked, { hub: invitation.hub, file: INVITATION });
    const peer = { instanceId: introduction.instanceId, introduction: invitation.introductionBytes };
    const decide = (db: Database): Decision => {
      const links = readLinks(db);
      const known = links.find((one) => one.link === link);
      const taken = acceptInvitation(links, { link, name: called, transport, peer });
      const standing = known ?? { link, name: called, state: 'pending' as const, peer: peer.instanceId };
      return fingerprint === undefined
        ? taken
        : [...taken, ...confirmLink(standing, introduction.certificate.fingerprint)];
    };
    const { bytes, words } = instance.identity;
    decide(instance.db);
    const nkey = transport.kind === 'nats' ? (await ensureNatsKey(instance.folder)).publicKey : undefined;
    const file = writeGivenFile(out, writeInvitation('reply', link, bytes, instance.keys.signing, { nkey }));
    const entries = instance.record(decide);
    const row = readLinks(instance.db).find((one) => one.link === link)!;
    return {
      document: {
        ...linkDocument(row),
        changed: entries.length > 0,
        reply: file,
        ourWords: words,
        theirWords: theirs,
      },
      text: [
        ...(isAgain ? ['This invitation was taken in before; the reply is written again.'] : []),
        row.state === 'confirmed'
          ? `Link ${row.name} is confirmed`
          : `Link ${row.name} is pending: nothing from there can run until the words are compared`,
        ...facts([
          ['by', describeTransport(row.transport)],
          ['their words', theirs],
          ['our words', words],
          ['reply', file],
        ]),
        'Send the reply back and tell them our words by phone.',
        ...(row.transport.kind === 'nats'
          ? [`Then start ${commandLine('run')}: it dials out, and again until they let it in.`]
          : []),
        ...(row.state === 'confirmed'
          ? []
          : [
              `When their words were compared: ${commandLine('link', 'confirm', row.name)} --fingerprint "WORDS"`,
            ]),
      ],
    };
  },
});
