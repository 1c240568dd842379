import { statSync } from 'node:fs';
import { CommandError, confirm as confirmLink, takeReply } from '../../commands/index.ts';
import { openIntroduction } from '../../identity/index.ts';
import { ensureNatsKey, InstanceError, type Instance } from '../../instance/index.ts';
import { readLinks, type LinkRow } from '../../projections/index.ts';
import { commandLine } from '../../words.ts';
import { command, needed, type Outcome } from '../command.ts';
import { readInvitationFile, refuseOtherWords } from '../links/invitation-file.ts';
import { linkDocument, wordsOf } from '../links/link-facts.ts';

export const confirmLinkCommand = command({
  path: 'link confirm',
  about: 'Say that the words were compared: by the reply that came back, or for a pending link',
  example: 'crossgap link confirm reply.json --fingerprint "six words told by phone"',
  args: { 'REPLY|NAME': needed('REPLY|NAME', 'the reply of the other side, or the name of a pending link') },
  options: { fingerprint: needed('WORDS', "the other side's words, as told by phone") },
  async run(context, { 'REPLY|NAME': what }, { fingerprint }): Promise<Outcome> {
    const instance = await context.open();
    const pending = readLinks(instance.db).find(
      (one) => one.name === what && (one.state === 'pending' || one.state === 'confirmed'),
    );
    const link =
      pending === undefined
        ? await takeAnswer(instance, what, fingerprint)
        : compare(instance, pending, fingerprint);
    const row = readLinks(instance.db).find((one) => one.link === link)!;
    return {
      document: linkDocument(row),
      text: [
        `Link ${row.name} is confirmed: ${wordsOf(row) ?? ''}`,
        ...nextStep(row),
        `Releases can go both ways while \`crossgap run\` runs.`,
      ],
    };
  },
});

/** Our server lets nobody in whom its configuration doesn't name. */
function nextStep({ transport, nkey }: LinkRow): string[] {
  if (transport.kind !== 'nats' || !transport.hub) return [];
  return nkey === null
    ? ['Their reply has no credential for our NATS server: they go by hand, so only bundles reach them.']
    : [`Let them in at our NATS server: ${commandLine('hub', 'config')} --out DIR, then reload it.`];
}

async function takeAnswer(instance: Instance, path: string, fingerprint: string): Promise<string> {
  if (!isFile(path)) {
    const open = readLinks(instance.db).find(({ name, state }) => name === path && state === 'invited');
    const links = readLinks(instance.db).filter(({ state }) => state === 'pending');
    throw new CommandError(
      'LINK_UNKNOWN',
      open === undefined
        ? `Cannot confirm ${path}: it is neither a file nor the name of a pending link`
        : `Cannot confirm ${path}: it has not answered the invitation yet`,
      {
        hint:
          open === undefined
            ? `Give the reply that the other side sent. Pending here: ${links.map(({ name }) => name).join(', ') || 'none'}.`
            : 'Give the file of its reply instead of its name: `crossgap link confirm REPLY --fingerprint "WORDS"`.',
        details: { given: path },
      },
    );
  }
  const reply = readInvitationFile(instance, 'reply', path);
  refuseOtherWords(fingerprint, reply.introduction, 'confirm the reply');
  const { nkey } = reply;
  if (nkey !== undefined) await refuseUnfitKey(instance, nkey, path);
  const peer = { instanceId: reply.introduction.instanceId, introduction: reply.introductionBytes };
  instance.record((db) => {
    const { decision, known } = takeReply(readLinks(db), { link: reply.link, peer, nkey });
    return [...decision, ...confirmLink(known, reply.introduction.certificate.fingerprint)];
  });
  return reply.link;
}

/** A credential that is none, or that is ours, would spoil the server's configuration for everybody. */
async function refuseUnfitKey(instance: Instance, nkey: string, path: string): Promise<void> {
  const { isUserKey } = await import('../links/hub-keys.ts');
  const { publicKey } = await ensureNatsKey(instance.folder);
  if (isUserKey(nkey) && nkey !== publicKey) return;
  const is = nkey === publicKey ? "this instance's own" : 'none';
  throw new InstanceError(
    'INVITATION_INVALID',
    `Cannot use reply ${path}: the NATS credential in it is ${is}`,
    {
      hint: 'Ask the other side to run `crossgap link accept INVITATION` again, and for the file that it writes.',
    },
  );
}

function compare(instance: Instance, row: LinkRow, fingerprint: string): string {
  const introduction = openIntroduction(row.introduction!);
  refuseOtherWords(fingerprint, introduction, `confirm link ${row.name}`);
  instance.record((db) => {
    const now = readLinks(db).find(({ link }) => link === row.link) ?? row;
    return confirmLink(now, introduction.certificate.fingerprint);
  });
  return row.link;
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}
