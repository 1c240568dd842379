import { fingerprintWords } from '../../identity/index.ts';
import { ensureNatsKey, writeInvitation } from '../../instance/index.ts';
import { describeTransport, readLinks } from '../../projections/index.ts';
import { commandLine } from '../../words.ts';
import { command, misuse, needed, text, type Outcome } from '../command.ts';
import { writeGivenFile } from '../given/files.ts';
import { refuseOtherWords } from '../links/invitation-file.ts';
import { invitationAt } from '../links/invitation-in-bundle.ts';
import { linkDocument } from '../links/link-facts.ts';
import {
  acceptingTransport,
  byHand,
  folderOption,
  refuseOtherWay,
  refuseUnfitName,
} from '../links/link-options.ts';
import { facts } from '../table.ts';
import { takeInvitation, takingInvitation } from '../links/take-invitation.ts';

export const acceptLinkCommand = command({
  path: 'link accept',
  about: 'Take an invitation in, or that of an open bundle; without the words told by phone it stays pending',
  example: 'crossgap link accept invitation.json --fingerprint "six words told by phone" --out reply.json',
  args: { INVITATION: needed('INVITATION', 'the file the other side sent, or the bundle that brings it') },
  options: {
    name: text('NAME', 'what this side will call the other (else the name it gives itself)'),
    folder: folderOption,
    nats: text('URL', 'their NATS server by another address than the invitation names, as through a tunnel'),
    'by-hand': byHand,
    fingerprint: text('WORDS', "the other side's words, as told by phone"),
    out: text(
      'FILE',
      'where the reply is written (needed, but for a bundle: the next one back is the reply)',
    ),
  },
  async run(
    context,
    { INVITATION },
    { name, folder, nats, 'by-hand': hand, fingerprint, out },
  ): Promise<Outcome> {
    const instance = await context.open();
    const { invitation, bundle } = await invitationAt(instance, INVITATION);
    if (out === undefined && bundle === undefined)
      throw misuse(
        'Cannot take an invitation in without --out: the reply has to be written somewhere',
        'Say --out FILE, and send that file back.',
      );
    const { introduction, link } = invitation;
    const theirs = fingerprintWords(introduction.chain[0]!);
    if (fingerprint !== undefined) refuseOtherWords(fingerprint, introduction, 'take the invitation');
    const called = name ?? introduction.name;
    refuseUnfitName(called);
    // Whoever sends the invitation in a bundle is reached by bundles, if nothing else is said.
    const isByHand = hand || (bundle !== undefined && folder === undefined && nats === undefined);
    const before = readLinks(instance.db).find((one) => one.link === link && one.state !== 'removed');
    const isAgain = before?.peer === introduction.instanceId;
    if (isAgain) refuseOtherWay(before, { folder, nats, byHand: hand });
    const asked = { folder, nats, byHand: isByHand };
    const transport = isAgain
      ? before.transport
      : acceptingTransport(instance, asked, { hub: invitation.hub, file: INVITATION });
    const taking = { name: called, transport, isCompared: fingerprint !== undefined };
    const { bytes, words } = instance.identity;
    takingInvitation(invitation, taking)(instance.db);
    const nkey = transport.kind === 'nats' ? (await ensureNatsKey(instance.folder)).publicKey : undefined;
    const file =
      out === undefined
        ? null
        : writeGivenFile(out, writeInvitation('reply', link, bytes, instance.keys.signing, { nkey }));
    const { row, changed } = takeInvitation(instance, invitation, taking);
    return {
      document: {
        ...linkDocument(row),
        changed,
        reply: file,
        ourWords: words,
        theirWords: theirs,
      },
      text: [
        ...(isAgain
          ? [`This invitation was taken in before${file === null ? '' : '; the reply is written again'}.`]
          : []),
        row.state === 'confirmed'
          ? `Link ${row.name} is confirmed`
          : `Link ${row.name} is pending: nothing from there can run until the words are compared`,
        ...facts([
          ['by', describeTransport(row.transport)],
          ['their words', theirs],
          ['our words', words],
          ['reply', file],
        ]),
        file === null
          ? `Take the bundle in with: ${commandLine('bundle', 'import', INVITATION)}; the next one back is the reply. Tell them our words by phone.`
          : 'Send the reply back and tell them our words by phone.',
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
