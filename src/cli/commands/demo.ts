import { mkdirSync, mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { resolve, join } from 'node:path';
import { installationFolder, programFile } from '../../installation.ts';
import { command, flag, misuse, text } from '../command.ts';
import { tellAirGap } from '../demo/air-gap.ts';
import { tellCrossing } from '../demo/crossing.ts';
import { folderWay } from '../demo/folder-way.ts';
import { tellInstaller } from '../demo/installer.ts';
import { narrator } from '../demo/narrator.ts';
import { natsServerProgram, natsWay } from '../demo/nats-way.ts';
import type { Ending, Stage } from '../demo/stage.ts';
import type { Way } from '../demo/way.ts';
import { commandLine } from '../../words.ts';

const material = join(installationFolder, 'demo');
const program = [process.execPath, programFile];

const demo = command({
  path: 'demo',
  about: 'A vendor and a customer on this machine, the whole story on a real signed package',
  example: 'crossgap demo --exit',
  args: {},
  options: {
    story: text(
      'NAME',
      'crossing; air-gap: by courier and jump host; installer: one file for a site without a daemon',
    ),
    exit: flag('end when the story is told, instead of leaving both status pages up'),
    transport: text('NAME', 'folder, or nats: over a server with TLS, where nats-server is on this machine'),
    out: text('DIR', 'an empty folder for everything the story makes; a temporary one otherwise'),
  },
  async run(context, _args, { story = 'crossing', exit, transport, out }) {
    const known = stories[story];
    if (known === undefined) {
      throw misuse(
        `Cannot tell the story ${story}: there is none of that name`,
        `Tell ${Object.keys(stories).join(', ')}.`,
      );
    }
    if (story !== 'crossing' && transport !== undefined) {
      throw misuse(`Cannot cross the air gap by ${transport}: only couriers do`, 'Leave --transport out.');
    }
    const way = wayBy(transport ?? 'folder');
    const folder = stageFolder(out);
    const { signal, terminal } = context;
    const began = performance.now();
    terminal.talk(`Everything of this story lies in ${folder}`);
    const stage = { folder, material, program, narrator: narrator(terminal) };
    await using ending = await known.tell(stage, way);
    const seconds = Math.round((performance.now() - began) / 1000);
    const pages = ending.pages.map(({ name, url }) => `${name}: ${url}`);
    const lookAround = known.lookAround.map(([name, ...words]) =>
      commandLine('--data', join(folder, name), ...words),
    );
    const told = `Told all eight points in ${seconds} s.`;
    if (!exit) {
      terminal.talk(
        `\n${told} ${pages.length === 1 ? 'The status page stays' : 'Both status pages stay'} up until Ctrl-C:\n  ${pages.join('\n  ')}`,
      );
      terminal.talk([`${looking} in another terminal:`, ...lookAround].join('\n  '));
      await untilAborted(signal);
    }
    return {
      document: { folder, seconds, pages: ending.pages },
      text: [
        ...(exit ? [told, `${looking}:`, ...lookAround.map((line) => `  ${line}`)] : []),
        `Everything stays in ${folder} until you remove it.`,
        'Next: your own process and package, as README.md tells.',
      ],
    };
  },
});

const looking = 'To look around (from a checkout with `npx` before it)';

type WayThere = (place: { folder: string; port: number }) => Way;

/** The stories there are, and what somebody would type who wants to see more of those in them. */
const stories: Readonly<
  Record<
    string,
    {
      readonly tell: (stage: Stage, way: WayThere) => Promise<Ending>;
      readonly lookAround: readonly (readonly [name: string, ...words: string[]])[];
    }
  >
> = {
  crossing: {
    tell: tellCrossing,
    lookAround: [
      ['acme', 'fleet'],
      ['contoso', 'inbox'],
      ['contoso', 'status'],
    ],
  },
  'air-gap': {
    tell: tellAirGap,
    lookAround: [
      ['acme', 'bundle', 'list'],
      ['bankair-dmz', 'bundle', 'relay', 'list'],
      ['bankair', 'inbox'],
    ],
  },
  installer: {
    tell: tellInstaller,
    lookAround: [
      ['acme', 'fleet'],
      ['acme', 'bundle', 'list'],
    ],
  },
};

function wayBy(transport: string): WayThere {
  if (transport === 'folder') return ({ folder }) => folderWay(join(folder, 'shared'));
  if (transport !== 'nats') {
    throw misuse(
      `Cannot cross by ${transport}: there is no such transport`,
      'Use --transport folder or nats.',
    );
  }
  const server = natsServerProgram();
  if (server !== undefined) return (place) => natsWay(server, place);
  throw misuse(
    'Cannot cross by NATS: nats-server is not on this machine',
    'Install it (Debian: apt install nats-server), or use --transport folder.',
  );
}

function stageFolder(out: string | undefined): string {
  if (out === undefined) return mkdtempSync(join(tmpdir(), 'crossgap-demo-'));
  const folder = resolve(out);
  mkdirSync(folder, { recursive: true });
  if (readdirSync(folder).length === 0) return folder;
  throw misuse(
    `Cannot tell the story in ${folder}: the folder is not empty`,
    'Name an empty or new folder with --out.',
  );
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((done) => {
    if (signal.aborted) done();
    else signal.addEventListener('abort', () => done(), { once: true });
  });
}

export const demoCommands = [demo];
