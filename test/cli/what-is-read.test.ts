import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { beforeAll, expect, test } from 'vitest';
import { startRun } from '../../src/executor/index.ts';
import { temporaryFolder } from '../support/build-nupkg.ts';
import { makePair } from '../support/instances.ts';
import { follow, runKey } from '../support/scripts-killed.ts';
import { planOf, runStep } from '../support/scripts-run.ts';

// As it is delivered: what a process reads follows from how the build put the program together.
const built = (name: string): string => join(import.meta.dirname, '../../dist', name);
const preload = join(import.meta.dirname, '../support/note-parts.mjs');

const certificates = [
  'node-forge',
  'asn1js',
  '@peculiar/asn1-schema',
  '@peculiar/asn1-cms',
  '@peculiar/asn1-x509',
];
const sealing = ['age-encryption', '@noble/curves', '@noble/post-quantum'];
const lines = ['@nats-io/jetstream', '@nats-io/nats-core', '@nats-io/nkeys', 'ws'];
const page = ['fastify', 'ajv'];
const metrics = ['prom-client', '@opentelemetry/api'];
const applications = ['yaml', 'saxes', 'picomatch'];

let root: string;
let data: string;

beforeAll(async () => {
  const folder = temporaryFolder();
  root = folder.path;
  using pair = await makePair(root);
  data = pair.vendor.folder.root;
  return () => folder[Symbol.dispose]();
});

let count = 0;

/** A file for a process to write down in what it reads. */
function newNotes(): string {
  count += 1;
  return join(root, `notes-${count}`);
}

/** The packages in the files that a process read; a part of the build tells in comments what is in it. */
function librariesIn(notes: string): Set<string> {
  const files = new Set(readFileSync(notes, 'utf8').trim().split('\n'));
  const libraries = [...files].flatMap((url) => [
    ...readFileSync(fileURLToPath(url), 'utf8').matchAll(/^\/\/.*node_modules\/((?:@[^/\n]+\/)?[^/\n]+)/gm),
  ]);
  return new Set(libraries.map(([, name]) => name!));
}

function crossgap(notes: string, args: readonly string[]) {
  return spawn(process.execPath, ['--import', preload, built('cli/main.js'), '--data', data, ...args], {
    env: { ...process.env, PARTS_NOTES: notes },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

test.each([
  ['status', [...page, ...applications, 'pino', 'markdown-it']],
  ['log show', [...page, ...applications, 'pino', 'markdown-it']],
  ['release create Orders 1.0.0 --package Orders.Web@1.0.0', page],
  ['package list', [...page, 'yaml', 'picomatch', 'markdown-it']],
  ['deploy 1.0.0 --env uat', page],
])('%s reads no library that it has no use for', async (line, unused) => {
  const notes = newNotes();
  const child = crossgap(notes, line.split(' '));
  child.stdout.resume();
  child.stderr.resume();
  await once(child, 'close');
  const read = librariesIn(notes);
  expect(read).toContain('zod');
  for (const library of [...certificates, ...sealing, ...lines, ...metrics, ...unused])
    expect(read).not.toContain(library);
});

test('a daemon at rest, its page read, has read nothing of certificates, sealing, NATS or metrics', async () => {
  const notes = newNotes();
  const child = crossgap(notes, ['run', '--listen', '127.0.0.1:0']);
  child.stdout.resume();
  let address: string | undefined;
  for await (const line of createInterface(child.stderr)) {
    address = /http:\/\/127\.0\.0\.1:\d+/.exec(line)?.[0];
    if (address !== undefined) break;
  }
  expect((await fetch(address!)).status).toBe(200);
  child.kill('SIGTERM');
  await once(child, 'close');
  const read = librariesIn(notes);
  expect(read).toContain('fastify');
  for (const library of [...certificates, ...sealing, ...lines, ...metrics])
    expect(read).not.toContain(library);
});

test('an executor that runs a script reads nothing of packages, of certificates and of the log', async () => {
  const notes = newNotes();
  const plan = planOf(root, [runStep('One', 'true')]);
  const noted = `process.env.PARTS_NOTES = ${JSON.stringify(notes)}; await import(${JSON.stringify(pathToFileURL(preload).href)})`;
  await startRun({
    runFolder: join(root, 'run'),
    mode: 'start',
    secrets: {},
    runKey,
    command: [
      process.execPath,
      `--import=data:text/javascript,${encodeURIComponent(noted)}`,
      built('executor/process.js'),
      '__execute',
    ],
    plan,
  });
  await follow(root);
  expect(existsSync(notes)).toBe(true);
  const read = librariesIn(notes);
  expect(read).toContain('zod');
  for (const library of [...certificates, ...sealing, ...lines, ...page, 'yaml', 'yauzl', 'msgpackr', 'pino'])
    expect(read).not.toContain(library);
});
