import { randomBytes } from 'node:crypto';
import { mkdirSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import {
  acceptInvitation,
  CommandError,
  confirm as confirmLink,
  invite as inviteLink,
  removeLink,
  takeReply,
  type Decision,
} from '../../commands/index.ts';
import type { Database } from '../../db/index.ts';
import type { LinkTransport } from '../../events/index.ts';
import {
  certificateFacts,
  fingerprintWords,
  openIntroduction,
  sameWords,
  type OpenedIntroduction,
} from '../../identity/index.ts';
import {
  findLink,
  InstanceError,
  readInvitation,
  writeInvitation,
  type Instance,
  type Invitation,
} from '../../instance/index.ts';
import { readLinks, type LinkRow } from '../../projections/index.ts';
import { command, misuse, needed, notYet, text, type Outcome } from '../command.ts';
import { readGivenText, systemReason, writeGivenFile } from '../files.ts';
import { facts, table } from '../table.ts';
import { ago, commandLine } from '../../words.ts';

const invitationBytesMax = 256 * 1024;
const nats = text('URL', 'NATS server (not in this version)');
const folderOption = text('DIR', 'the folder both sides reach, by the path it has here (else DATA/outbox)');

const invite = command({
  path: 'link invite',
  about: 'Make an invitation for another instance to pair with this one',
  example: 'crossgap link invite contoso --folder /mnt/exchange --out invitation.json',
  args: { NAME: needed('NAME', 'what this side will call the other') },
  options: { folder: folderOption, nats, out: needed('FILE', 'where the invitation is written') },
  async run(context, { NAME }, { folder, nats: url, out }): Promise<Outcome> {
    if (url !== undefined) throw notYet('pair over NATS');
    refuseUnfitName(NAME);
    const instance = await context.open();
    const transport = transportTo(instance, folder);
    const { link, decide } = invitation(instance, NAME, transport);
    const { bytes, words } = instance.identity;
    // The file first: a link whose invitation could not be written would only be in the way.
    decide(instance.db);
    const file = writeGivenFile(out, writeInvitation('invitation', link, bytes, instance.keys.signing));
    instance.record(decide);
    return {
      document: { link, name: NAME, state: 'invited', folder: transport.folder, invitation: file, words },
      text: [
        `Invitation for ${NAME} is written to ${out}; there is no secret in it`,
        ...facts([
          ['folder', transport.folder],
          ['our words', words],
        ]),
        `Send them the file and tell them the words by phone. Their reply comes back with: ${commandLine('link', 'confirm')} REPLY --fingerprint "THEIR WORDS"`,
      ],
    };
  },
});

const accept = command({
  path: 'link accept',
  about: 'Take an invitation in; without the words that were told by phone it stays pending',
  example: 'crossgap link accept invitation.json --fingerprint "six words told by phone" --out reply.json',
  args: { INVITATION: needed('INVITATION', 'the file the other side sent') },
  options: {
    name: text('NAME', 'what this side will call the other (else the name it gives itself)'),
    folder: folderOption,
    nats,
    fingerprint: text('WORDS', "the other side's words, as told by phone"),
    out: needed('FILE', 'where the reply is written'),
  },
  async run(context, { INVITATION }, { name, folder, nats: url, fingerprint, out }): Promise<Outcome> {
    if (url !== undefined) throw notYet('pair over NATS');
    const instance = await context.open();
    const invitation = readFrom(instance, 'invitation', INVITATION);
    const { introduction, link } = invitation;
    const theirs = fingerprintWords(introduction.chain[0]!);
    if (fingerprint !== undefined) refuseOtherWords(fingerprint, introduction, 'take the invitation');
    const called = name ?? introduction.name;
    refuseUnfitName(called);
    const transport = transportTo(instance, folder);
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
    const file = writeGivenFile(out, writeInvitation('reply', link, bytes, instance.keys.signing));
    instance.record(decide);
    const row = readLinks(instance.db).find((one) => one.link === link)!;
    return {
      document: { ...linkDocument(row), reply: file, ourWords: words, theirWords: theirs },
      text: [
        row.state === 'confirmed'
          ? `Link ${row.name} is confirmed`
          : `Link ${row.name} is pending: nothing from there can run until the words are compared`,
        ...facts([
          ['folder', row.transport.folder],
          ['their words', theirs],
          ['our words', words],
          ['reply', file],
        ]),
        'Send the reply back and tell them our words by phone.',
        ...(row.state === 'confirmed'
          ? []
          : [
              `When their words were compared: ${commandLine('link', 'confirm', row.name)} --fingerprint "WORDS"`,
            ]),
      ],
    };
  },
});

const confirm = command({
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
        ? takeAnswer(instance, what, fingerprint)
        : compare(instance, pending, fingerprint);
    const row = readLinks(instance.db).find((one) => one.link === link)!;
    return {
      document: linkDocument(row),
      text: [
        `Link ${row.name} is confirmed: ${wordsOf(row) ?? ''}`,
        `Releases can go both ways while \`crossgap run\` runs.`,
      ],
    };
  },
});

const listAll = command({
  path: 'link list',
  about: 'The instances this one is paired with',
  example: 'crossgap link list',
  args: {},
  options: {},
  async run(context): Promise<Outcome> {
    const instance = await context.open();
    const links = readLinks(instance.db).filter(({ state }) => state !== 'removed');
    const now = instance.clock.now();
    const rows = links.map((link) => [
      link.name,
      link.state,
      link.heardAt === null ? 'never heard of' : `heard ${ago(new Date(link.heardAt).toISOString(), now)}`,
      wordsOf(link) ?? '-',
      link.transport.folder,
    ]);
    return {
      document: links.map(linkDocument),
      text:
        rows.length === 0
          ? 'No links yet; make one with `crossgap link invite NAME --out FILE`'
          : table([['LINK', 'STATE', 'HEARD', 'THEIR WORDS', 'FOLDER'], ...rows]),
    };
  },
});

const remove = command({
  path: 'link remove',
  about: 'End a pairing; its history stays, nothing more is sent',
  example: 'crossgap link remove contoso',
  args: { NAME: needed('NAME', 'the link') },
  options: {},
  async run(context, { NAME }): Promise<Outcome> {
    const instance = await context.open();
    const links = readLinks(instance.db).filter(({ name, link }) => name === NAME || link === NAME);
    const gone =
      links.length > 0 && links.every(({ state }) => state === 'removed') ? links.at(-1) : undefined;
    const known = gone ?? findLink(instance.db, NAME);
    const entries = instance.record((db) =>
      removeLink(readLinks(db).find(({ link }) => link === known.link) ?? known),
    );
    return {
      document: { link: known.link, name: known.name, state: 'removed', changed: entries.length > 0 },
      text: `Link ${known.name} ${entries.length > 0 ? 'is removed' : 'was removed before'}`,
    };
  },
});

export const linkCommands = [invite, accept, confirm, listAll, remove];

/** A new link and what to record of it; asked for again before anybody answered it is the same one once more. */
function invitation(
  instance: Instance,
  name: string,
  transport: LinkTransport,
): { link: string; decide: (db: Database) => Decision } {
  const openIn = (db: Database): LinkRow | undefined =>
    readLinks(db).find(
      (one) => one.name === name && one.state === 'invited' && one.transport.folder === transport.folder,
    );
  const link = openIn(instance.db)?.link ?? randomBytes(16).toString('hex');
  return {
    link,
    decide: (db) => (openIn(db)?.link === link ? [] : inviteLink(readLinks(db), { link, name, transport })),
  };
}

function takeAnswer(instance: Instance, path: string, fingerprint: string): string {
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
  const reply = readFrom(instance, 'reply', path);
  refuseOtherWords(fingerprint, reply.introduction, 'confirm the reply');
  const peer = { instanceId: reply.introduction.instanceId, introduction: reply.introductionBytes };
  instance.record((db) => {
    const { decision, known } = takeReply(readLinks(db), { link: reply.link, peer });
    return [...decision, ...confirmLink(known, reply.introduction.certificate.fingerprint)];
  });
  return reply.link;
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

function readFrom(instance: Instance, kind: 'invitation' | 'reply', path: string): Invitation {
  const read = readInvitation(kind, readGivenText(path, kind, invitationBytesMax), path);
  if (read.introduction.instanceId !== instance.identity.instanceId) return read;
  throw new InstanceError('INVITATION_OWN', `Cannot use ${kind} ${path}: this instance made it itself`, {
    hint: `Use it at the other side; check --data, which is ${instance.folder.root} here.`,
  });
}

function refuseOtherWords(told: string, { chain, name }: OpenedIntroduction, doing: string): void {
  const found = fingerprintWords(chain[0]!);
  if (sameWords(told, found)) return;
  throw new CommandError(
    'FINGERPRINT_DIFFERS',
    `Cannot ${doing}: the words told are not those of its certificate, which names ${name}`,
    {
      hint: 'Ask again by phone. If they still differ, somebody else made this file: nothing was stored.',
      details: { told, found, fingerprint: certificateFacts(chain[0]!).fingerprint },
    },
  );
}

/** A folder that lacks only its last part is made; a missing parent is more likely a typing error or a lost mount. */
function transportTo(instance: Instance, folder: string | undefined): LinkTransport {
  const path = resolve(folder ?? instance.folder.outbox);
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || !statSync(path).isDirectory()) {
      throw misuse(
        `Cannot exchange through ${path}: ${systemReason(error)}`,
        'Name a folder that both sides can reach.',
      );
    }
  }
  return { kind: 'folder', folder: path };
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

/** Names of links stand in release names: `LINK:PROCESS/NUMBER`. */
function refuseUnfitName(name: string): void {
  if (/^[\p{L}\p{N}][\p{L}\p{N} ._-]{0,99}$/u.test(name) && name.trim() === name) return;
  throw misuse(
    `Cannot call a link ${JSON.stringify(name)}: it has characters that a name can't have`,
    'Use letters, digits, dots, dashes and underscores; `link accept` takes another name with --name.',
  );
}

function wordsOf(link: LinkRow): string | null {
  return link.introduction === null ? null : fingerprintWords(openIntroduction(link.introduction).chain[0]!);
}

function linkDocument(link: LinkRow): Record<string, unknown> {
  return {
    link: link.link,
    name: link.name,
    state: link.state,
    peer: link.peer,
    words: wordsOf(link),
    fingerprint: link.fingerprint,
    folder: link.transport.folder,
    heardAt: link.heardAt === null ? null : new Date(link.heardAt).toISOString(),
    unconfirmedEntries: Math.max(0, link.outward.news - link.confirmed.seq),
  };
}
