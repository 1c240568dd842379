import { mkdirSync, mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { resolve, join } from 'node:path';
import { installationFolder, programFile } from '../../installation.ts';
import { command, flag, misuse, notYet, text } from '../command.ts';
import { tellAirGap } from '../demo/air-gap.ts';
import { tellCrossing } from '../demo/crossing.ts';
import { folderWay } from '../demo/folder-way.ts';
import { narrator } from '../demo/narrator.ts';
import { natsServerProgram, natsWay } from '../demo/nats-way.ts';
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
    story: text('NAME', 'crossing, or air-gap: by courier and jump host (installer: not in this version)'),
    exit: flag('end when the story is told, instead of leaving both status pages up'),
    transport: text('NAME', 'folder, or nats: over a server with TLS, where nats-server is on this machine'),
    out: text('DIR', 'an empty folder for everything the story makes; a temporary one otherwise'),
  },
  async run(context, _args, { story = 'crossing', exit, transport, out }) {
    if (story === 'installer') throw notYet(`tell the story ${story}`);
    if (story !== 'crossing' && story !== 'air-gap') {
      throw misuse(`Cannot tell the story ${story}: there is none of that name`, 'Tell crossing or air-gap.');
    }
    if (story === 'air-gap' && transport !== undefined) {
      throw misuse(`Cannot cross the air gap by ${transport}: only couriers do`, 'Leave --transport out.');
    }
    const wayThrough = wayBy(transport ?? 'folder');
    const folder = stageFolder(out);
    const { signal, terminal } = context;
    const began = performance.now();
    terminal.talk(`Everything of this story lies in ${folder}`);
    const stage = { folder, material, program, narrator: narrator(terminal) };
    await using ending =
      story === 'air-gap' ? await tellAirGap(stage) : await tellCrossing(stage, wayThrough);
    const seconds = Math.round((performance.now() - began) / 1000);
    const pages = ending.pages.map(({ name, url }) => `${name}: ${url}`);
    const told = `Told all eight points in ${seconds} s.`;
    if (!exit) {
      terminal.talk(`\n${told} Both status pages stay up until Ctrl-C:\n  ${pages.join('\n  ')}`);
      terminal.talk([`${looking} in another terminal:`, ...lookAround(folder, story)].join('\n  '));
      await untilAborted(signal);
    }
    return {
      document: { folder, seconds, pages: ending.pages },
      text: [
        ...(exit ? [told, `${looking}:`, ...lookAround(folder, story).map((line) => `  ${line}`)] : []),
        `Everything stays in ${folder} until you remove it.`,
        'Next: your own process and package, as README.md tells.',
      ],
    };
  },
});

const looking = 'To look around (from a checkout with `npx` before it)';

function wayBy(transport: string): (place: { folder: string; port: number }) => Way {
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

/** What somebody would type who wants to see more of both companies. */
function lookAround(folder: string, story: string): string[] {
  const at = (name: string, ...words: string[]): string =>
    commandLine('--data', join(folder, name), ...words);
  if (story === 'air-gap')
    return [
      at('acme', 'bundle', 'list'),
      at('bankair-dmz', 'bundle', 'relay', 'list'),
      at('bankair', 'inbox'),
    ];
  return [at('acme', 'fleet'), at('contoso', 'inbox'), at('contoso', 'status')];
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
