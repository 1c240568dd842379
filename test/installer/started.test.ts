import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { programVersion } from '../../src/installation.ts';
import { hostPlatform } from '../../src/installer/pinned-runtimes.ts';
import { refuseOtherRuntimes } from '../../src/installer/fetch-runtime.ts';
import { buildRunner, readInstaller, runtimeVersion, type Runner } from '../../src/installer/index.ts';
import { makeVendor, type Vendor } from '../cli/site/vendor.ts';
import { runtimeHere, sharedRunner, sharedRuntimes } from '../support/installer-runtime.ts';
import { codeOf, laterRefusal } from '../support/refusal.ts';
import { requires } from '../support/requires.ts';
import { bareMachine, type BareMachine } from './bare-machine.ts';

const platform = hostPlatform();
const isHere =
  process.platform === 'linux' &&
  requires('unshare', 'installers on a machine with nothing on it') &&
  requires('ldd', 'installers on a machine with nothing on it') &&
  (await runtimeHere(platform, 'installers that are really started')) !== undefined;

const exporting = ['bundle', 'export', '--to', 'plant', '--release', '3.2.0'];
type Made = {
  readonly bundle: number;
  readonly installer: { readonly file: string; readonly sha256: string };
  readonly parts: readonly { readonly file: string }[];
};

describe.runIf(isHere)('an installer that is started', () => {
  const root = mkdtempSync(join(tmpdir(), 'crossgap-started-'));
  let runner: Runner;
  let vendor: Vendor;
  let machine: BareMachine;
  let file: string;
  let made: Made;
  let media: string;
  const data = '/var/lib/crossgap';
  const version = (words: readonly string[] = [], options = {}) =>
    machine.runs(['/opt/installer', 'crossgap', '--version', ...words], options);

  beforeAll(async () => {
    runner = await sharedRunner(platform);
    vendor = await makeVendor(root);
    await vendor.invite('plant');
    await vendor.release('3.2.0');
    // What was fetched and built for all tests is what this vendor has.
    const runtimes = join(root, 'acme', 'runtimes');
    mkdirSync(runtimes);
    const built = runner.path.split('/').at(-1)!;
    const fetched = readdirSync(sharedRuntimes).filter((name) => /^node-[^/]*64$/.test(name));
    for (const name of [built, `${built}.json`, ...fetched])
      linkSync(join(sharedRuntimes, name), join(runtimes, name));
    media = join(root, 'media');
    made = await vendor.asks<Made>([...exporting, '--installer', platform, '--out', media]);
    ({ file } = made.installer);
    machine = bareMachine(join(root, 'bare'), file);
    copyFileSync(file, machine.here('/opt/installer'));
    mkdirSync(machine.here('/srv'));
  });
  afterAll(() => rmSync(root, { recursive: true, force: true }));

  test('it has a name that says what it is, and can be started', () => {
    expect(file).toBe(join(media, 'orders-3.2.0-installer'));
    expect(statSync(file).mode & 0o777).toBe(0o755);
    expect(readdirSync(media).toSorted()).toEqual(['orders-3.2.0-installer', 'transport.txt']);
  });

  test('the sheet that travels with it is what sha256sum reads', () => {
    const ran = spawnSync('sha256sum', ['-c', 'transport.txt'], { cwd: media, encoding: 'utf8' });
    expect(ran).toMatchObject({ status: 0, stdout: 'orders-3.2.0-installer: OK\n' });
    expect(readFileSync(join(media, 'transport.txt'), 'utf8')).toContain(
      'Start it:  ./orders-3.2.0-installer',
    );
  });

  test('it is made again with the same bundle, though nobody has the first one any more', async () => {
    const out = join(root, 'again');
    const again = await vendor.asks<Made>([
      ...exporting,
      '--bundle',
      String(made.bundle),
      '--installer',
      platform,
      '--out',
      out,
    ]);
    const [first, second] = await Promise.all([readInstaller(file), readInstaller(again.installer.file)]);
    // The program may have been built anew meanwhile; from the same one the whole file would be the same.
    for (const same of ['release', 'madeAt', 'from'] as const)
      expect(second!.index[same]).toEqual(first!.index[same]);
    expect(second!.index.bundle!.sha256).toBe(first!.index.bundle!.sha256);
    expect(readdirSync(join(root, 'acme', 'runtimes')).filter((name) => name.startsWith('bundle-'))).toEqual(
      [],
    );
    rmSync(out, { recursive: true });
  });

  test('a runner comes with the bundle in parts beside it, and all of them are on the sheet', async () => {
    const out = join(root, 'beside');
    const { parts } = await vendor.asks<Made>([...exporting, '--runner', platform, '--out', out]);
    const program = `crossgap-${programVersion()}-runner-${platform}`;
    expect(readdirSync(out)).toHaveLength(parts.length + 2);
    const sheet = readFileSync(join(out, 'transport.txt'), 'utf8');
    for (const name of [program, ...parts.map((part) => part.file.split('/').at(-1)!)])
      expect(sheet).toMatch(new RegExp(`^[0-9a-f]{64}  ${name}$`, 'm'));
    rmSync(out, { recursive: true });
  });

  test('a file that would be larger than asked for is refused before it is written', async () => {
    const out = join(root, 'too-large');
    const bytes = String(runner.sizeBytes + 100_000);
    const wish = ['--installer', platform, '--part-size', bytes, '--out', out, '--json'];
    const { exitCode, error } = await vendor.types([...exporting, ...wish]);
    expect([exitCode, error.code]).toEqual([3, 'INSTALLER_TOO_LARGE']);
    expect(error.message).toContain('with the bundle it has');
    expect(error.hint).toContain('--runner');
    expect(existsSync(out)).toBe(false);
  });

  test('a runtime that was given is looked at, though the program was built before', async () => {
    const wrong = join(root, 'not-node');
    writeFileSync(wrong, 'not the one that was pinned');
    const building = (given: string) =>
      buildRunner(platform, {
        folder: sharedRuntimes,
        given: [given],
        tell: () => {},
        signal: new AbortController().signal,
      });
    expect(codeOf(await laterRefusal(() => building(wrong)))).toBe('RUNTIME_NOT_AS_PINNED verification');
    const right = join(sharedRuntimes, `node-${runtimeVersion}-${platform}`);
    expect((await building(right)).sha256).toBe((await sharedRunner(platform)).sha256);
    const needed = async () => await refuseOtherRuntimes([right], ['plan9-x64']);
    expect(codeOf(await laterRefusal(needed))).toBe('RUNTIME_NOT_NEEDED misused');
  });

  test('it runs where there is no Node, no shell and no network, whatever is said to Node, and writes only where it says', () => {
    const ran = version([], { env: { NODE_OPTIONS: '--require=/nowhere.js' } });
    expect(ran).toEqual({ exitCode: 0, stdout: `${programVersion()}\n`, stderr: '' });
    expect(readdirSync(machine.here(data))).toEqual(['program']);
    expect([...readdirSync(machine.here('/tmp')), ...readdirSync(machine.here('/root'))]).toEqual([]);
    expect(statSync(machine.here(data)).mode & 0o777).toBe(0o700);
  });

  test('it checks itself, and another one tells the same of it', () => {
    const ran = machine.runs(['/opt/installer', 'crossgap', 'bundle', 'inspect', '/opt/installer', '--json']);
    expect(ran.exitCode).toBe(0);
    expect(JSON.parse(ran.stdout)).toMatchObject({
      complete: true,
      sealed: false,
      installer: {
        kind: 'installer',
        platform,
        release: { process: 'Orders', number: '3.2.0' },
        complete: true,
      },
    });
  });

  test('a process that the program starts is the program, wherever it lies', () => {
    const [folder] = readdirSync(machine.here(`${data}/program`)).filter((name) => name !== 'compiled');
    const start = `${data}/program/${folder}/bin/crossgap.js`;
    const own = machine.runs(['/opt/installer', start, '--help']);
    expect(own.stdout).toContain('Usage: crossgap [options] [command]');
    const foreign = machine.runs(['/opt/installer', '/tmp/bin/crossgap.js', '--help']);
    expect(foreign.stdout).toContain('Usage: /opt/installer [options]\n');
    expect(foreign.stdout).toContain('now /var/lib/crossgap)');
  });

  test('a program that was changed where it was unpacked is put back and told', () => {
    const place = machine.here(`${data}/program`);
    const [folder] = readdirSync(place).filter((name) => name !== 'compiled');
    writeFileSync(join(place, folder!, 'dist/cli/main.js'), 'process.stdout.write("mean");');
    const ran = machine.runs(['/opt/installer', '--version']);
    expect(ran.stdout).toBe(`${programVersion()}\n`);
    expect(ran.stderr).toContain('was changed since it was unpacked: it is put back');
  });

  test.each<[string, string, string, string]>([
    [
      'a read-only disk',
      'mount -t tmpfs -o ro none "$ROOT/srv"',
      'DATA_FOLDER_UNUSABLE',
      'read-only file system',
    ],
    ['a full disk', 'mount -t tmpfs -o size=1m none "$ROOT/srv"', 'DATA_FOLDER_UNUSABLE', 'no space left'],
    [
      'a disk without programs',
      'mount -t tmpfs -o noexec none "$ROOT/srv"',
      'PROGRAM_NOT_RUNNABLE',
      'does not run code from there',
    ],
    ['a file in the way', ': > "$ROOT/tmp/file"', 'DATA_FOLDER_UNUSABLE', 'a file is in the way'],
  ])('%s is said in plain words, with what to do', (what, mounts, code, why) => {
    const folder = what === 'a file in the way' ? '/tmp/file/data' : '/srv/data';
    const ran = version(['--data', folder, '--json'], { mounts });
    rmSync(machine.here('/tmp/file'), { force: true });
    expect(ran.exitCode).toBe(3);
    expect(ran.stderr).toContain(`[${code}]`);
    expect(ran.stderr).toContain(why);
    expect(ran.stderr).not.toMatch(/\n\s+at /);
    const { error } = JSON.parse(ran.stderr.trimEnd().split('\n').at(-1)!) as { error: { hint: string } };
    expect(error.hint).toContain('--data');
  });
});
