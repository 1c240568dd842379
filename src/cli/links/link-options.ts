import { X509Certificate } from 'node:crypto';
import { mkdirSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { CommandError } from '../../commands/index.ts';
import type { LinkTransport } from '../../events/index.ts';
import { HubError, parseHubUrl, parseHubUrls } from '../../hub/index.ts';
import { ensureNatsKey, InstanceError, type HubAddress, type Instance } from '../../instance/index.ts';
import { describeTransport, type LinkRow } from '../../projections/index.ts';
import { commandLine } from '../../words.ts';
import { flag, misuse, text } from '../command.ts';
import { systemReason } from '../given/files.ts';

export const folderOption = text(
  'DIR',
  'the folder both sides reach, by the path it has here (else DATA/outbox)',
);

export const byHand = flag('there is no line: only bundles go to and fro, carried by people');

/** How a person asked to reach the other side. */
export type AskedWay = {
  readonly folder: string | undefined;
  readonly nats: string | undefined;
  readonly byHand: boolean;
};

/** How an inviting side will reach the other. By NATS the server is its own, whose authority is made here at first. */
export async function invitingTransport(instance: Instance, asked: AskedWay): Promise<LinkTransport> {
  refuseTwoWays(asked);
  if (asked.nats === undefined) return withoutServer(instance, asked);
  const urls = parseHubUrls(asked.nats);
  await ensureNatsKey(instance.folder);
  const texts = urls.map((url) => url.text);
  if (urls.every(({ clear }) => clear)) return { kind: 'nats', hub: true, urls: texts };
  const { ensureHubAuthority } = await import('./hub-keys.ts');
  const facts = { name: instance.identity.name, now: instance.clock.now() };
  return { kind: 'nats', hub: true, urls: texts, ca: ensureHubAuthority(instance.folder.keys, facts).pem };
}

/** How an invited side will reach the other: by its server where the invitation names one, else as was asked. */
export function acceptingTransport(
  instance: Instance,
  asked: AskedWay,
  { hub, file }: { readonly hub: HubAddress | undefined; readonly file: string },
): LinkTransport {
  refuseTwoWays(asked);
  if (hub === undefined && asked.nats !== undefined) {
    throw misuse(
      `Cannot reach the other side by NATS: invitation ${file} names no server of theirs`,
      'Ask for an invitation made with `crossgap link invite NAME --nats URL --out FILE`.',
    );
  }
  if (hub === undefined || asked.byHand) return withoutServer(instance, asked);
  if (asked.folder !== undefined) {
    throw misuse(
      `Cannot reach the other side by folder: invitation ${file} is for their NATS server`,
      'Leave --folder away; or give --by-hand, where no line leads there.',
    );
  }
  const invited = { ...invitedTo(hub, file), kind: 'nats', hub: false } as const;
  if (asked.nats === undefined) return invited;
  const urls = parseHubUrls(asked.nats);
  if (invited.ca === undefined && urls.some(({ clear }) => !clear)) {
    throw misuse(
      `Cannot reach ${asked.nats}: invitation ${file} has no certificate that would vouch for it`,
      'Ask for an invitation made with that URL.',
    );
  }
  return { ...invited, urls: urls.map((url) => url.text) };
}

/** The server of an invitation, where it can be one. @throws InstanceError INVITATION_INVALID */
function invitedTo(hub: HubAddress, file: string): { urls: string[]; ca?: string } {
  const refuse = (why: string, cause?: unknown): InstanceError =>
    new InstanceError('INVITATION_INVALID', `Cannot use invitation ${file}: ${why}`, {
      hint: 'Ask the other side for a new invitation.',
      cause,
    });
  try {
    const urls = hub.urls.map(parseHubUrl);
    if (hub.ca === undefined && urls.some(({ clear }) => !clear))
      throw refuse('it has no certificate that would vouch for the server it names');
    const ca = hub.ca === undefined ? {} : { ca: hub.ca };
    if (hub.ca !== undefined && !isAuthority(hub.ca))
      throw refuse('what is to vouch for its server is no authority');
    return { urls: urls.map((url) => url.text), ...ca };
  } catch (error) {
    if (error instanceof HubError) throw refuse(`c${error.message.slice(1)}`, error);
    throw error;
  }
}

function isAuthority(pem: string): boolean {
  try {
    return new X509Certificate(pem).ca;
  } catch {
    return false;
  }
}

/** An invitation is taken in for one way; taken in once more, it stays that way. @throws CommandError LINK_ALREADY_PAIRED */
export function refuseOtherWay({ name, link, transport }: LinkRow, asked: AskedWay): void {
  refuseTwoWays(asked);
  const wanted = wayAsked(asked);
  if (wanted === undefined || isSameWay(transport, wanted)) return;
  throw new CommandError(
    'LINK_ALREADY_PAIRED',
    `Cannot accept the invitation again with ${describeTransport(wanted)}: this link uses ${describeTransport(transport)}`,
    {
      hint: `Leave the way away to have the reply written again; for another way end it with \`${commandLine('link', 'remove', name)}\` and ask for a new invitation.`,
      details: { link, transport, asked: wanted },
    },
  );
}

function wayAsked({ folder, nats, byHand: hand }: AskedWay): LinkTransport | undefined {
  if (hand) return { kind: 'hand' };
  if (folder !== undefined) return { kind: 'folder', folder: resolve(folder) };
  if (nats === undefined) return undefined;
  return { kind: 'nats', hub: false, urls: parseHubUrls(nats).map((url) => url.text) };
}

function isSameWay(one: LinkTransport, other: LinkTransport): boolean {
  if (one.kind === 'folder' && other.kind === 'folder') return resolve(one.folder) === other.folder;
  if (one.kind === 'nats' && other.kind === 'nats') return one.urls.join(' ') === other.urls.join(' ');
  return one.kind === other.kind;
}

function refuseTwoWays({ folder, nats, byHand: hand }: AskedWay): void {
  const ways = [folder !== undefined && '--folder', nats !== undefined && '--nats', hand && '--by-hand'];
  const given = ways.filter((way) => way !== false);
  if (given.length < 2) return;
  throw misuse(
    `Cannot pair by ${given.join(' and ')}: a link goes one way`,
    'Give one of --folder, --nats and --by-hand.',
  );
}

function withoutServer(instance: Instance, asked: AskedWay): LinkTransport {
  if (asked.byHand) return { kind: 'hand' };
  return { kind: 'folder', folder: sharedFolder(instance, asked.folder) };
}

/** A folder that lacks only its last part is made; a missing parent is more likely a typing error or a lost mount. */
function sharedFolder(instance: Instance, folder: string | undefined): string {
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
  return path;
}

/** Names of links stand in release names: `LINK:PROCESS/NUMBER`. */
export function refuseUnfitName(name: string): void {
  if (/^[\p{L}\p{N}][\p{L}\p{N} ._-]{0,99}$/u.test(name) && name.trim() === name) return;
  throw misuse(
    `Cannot call a link ${JSON.stringify(name)}: it has characters that a name can't have`,
    'Use letters, digits, dots, dashes and underscores; `link accept` takes another name with --name.',
  );
}
