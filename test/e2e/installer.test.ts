import { copyFileSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { packNupkg, signPackage } from '../../src/packages/index.ts';
import { freshFolder, personAt, type Person } from '../cli/typed.ts';
import { bareMachine, type BareMachine, type Ran } from '../installer/bare-machine.ts';
import { companyOf, makeInstance } from '../support/instances.ts';
import { runtimeHere, sharedRuntimes } from '../support/installer-runtime.ts';
import { requires } from '../support/requires.ts';

// One file goes to a machine that has nothing: no Node, no shell, no network. What ran there comes home.
const root = freshFolder();
const isPossible =
  requires('unshare', 'an installer on a bare machine') &&
  (await runtimeHere('linux-x64', 'an installer on a bare machine')) !== undefined;
const installer = '/opt/files-1.0.0-installer';
const processText = `process: Files
inputs:
  Site.Port: { type: port }
  Target: { type: path, default: /srv-files }
steps:
  - name: Files
    package: Files
    features:
      substitute-in-files: ["*.txt"]
      install-to: { folder: "#{Target}" }
`;
let vendor: Person;
let words: string;
let machine: BareMachine;

/** Starts the installer, with answers and a data folder of its own. */
function starts(data: string, args: readonly string[], env: Record<string, string> = {}): Ran {
  return machine.runs([installer, '--data', data, ...args, '--json'], { env });
}

const documentOf = ({ stdout }: Ran): unknown => JSON.parse(stdout);

beforeAll(async () => {
  if (!isPossible) return;
  (await makeInstance(root, 'acme', systemClock)).close();
  vendor = personAt(join(root, 'acme'));
  // What other tests fetched and built is used here too.
  symlinkSync(sharedRuntimes, join(root, 'acme', 'runtimes'));
  const file = join(root, 'Files.1.0.0.nupkg');
  const text = Buffer.from('port #{Site.Port}, release #{Octopus.Release.Number}\n');
  await packNupkg({ id: 'Files', version: '1.0.0', files: [{ path: 'a.txt', bytes: text }], outFile: file });
  await signPackage(file, file, companyOf('acme'), { hash: 'sha256' });
  writeFileSync(join(root, 'files.yaml'), processText);
  ({ words } = await vendor.asks<{ words: string }>('identity show'));
  await vendor.asks(['link', 'invite', 'plant', '--by-hand', '--out', join(root, 'plant.json')]);
  await vendor.asks(['package', 'add', file]);
  await vendor.asks(['process', 'publish', join(root, 'files.yaml')]);
  await vendor.asks('release create Files 1.0.0 --package Files@1.0.0');
  await vendor.asks('release publish 1.0.0 --to plant');
  const out = join(root, 'media');
  await vendor.asks([
    'bundle',
    'export',
    '--to',
    'plant',
    '--release',
    '1.0.0',
    '--installer',
    'linux-x64',
    '--out',
    out,
  ]);
  const made = join(out, 'files-1.0.0-installer');
  const bare = join(root, 'machine');
  mkdirSync(bare);
  machine = bareMachine(bare, made);
  copyFileSync(made, machine.here(installer));
  writeFileSync(machine.here('/opt/answers.yaml'), 'values:\n  Site.Port: "8081"\n');
});

test.runIf(isPossible)(
  'J2.9 an installer installs on a machine that has nothing, and its result is known at the vendor',
  async () => {
    const args = [
      '--fingerprint',
      words,
      '--answers',
      '/opt/answers.yaml',
      '--name',
      'plant',
      '--result',
      '/opt/plant.cgx',
    ];
    const ran = starts('/data', args);
    expect(ran.exitCode, ran.stderr).toBe(0);
    expect(readFileSync(machine.here('/srv-files/a.txt'), 'utf8')).toBe('port 8081, release 1.0.0\n');
    await vendor.asks(['bundle', 'import', machine.here('/opt/plant.cgx')]);
    expect(await vendor.asks('fleet')).toMatchObject([
      { customer: 'plant', environment: 'production', release: '1.0.0', state: 'succeeded' },
    ]);
    expect(documentOf(ran)).toBeDefined();
  },
);

test.runIf(isPossible)(
  'J2.12 an installer that was cut off says where, and goes on when it is told to',
  () => {
    const args = ['--fingerprint', words, '--answers', '/opt/answers.yaml', '--name', 'plant'];
    const cut = starts('/cut', args, { CROSSGAP_FAULT: 'executor.extract.before-rename' });
    expect(cut.exitCode, cut.stderr).toBe(6);
    const asked = starts('/cut', args);
    expect(asked.exitCode, asked.stderr).not.toBe(0);
    const resumed = starts('/cut', [...args, '--if-interrupted', 'resume']);
    expect(resumed.exitCode, resumed.stderr).toBe(0);
  },
);
