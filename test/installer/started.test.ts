import { spawnSync } from 'node:child_process';
import {
  chmodSync,
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
import Database from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { programVersion } from '../../src/installation.ts';
import { hostPlatform } from '../../src/installer/pinned-runtimes.ts';
import { refuseOtherRuntimes } from '../../src/installer/fetch-runtime.ts';
import { buildRunner, readInstaller, runtimeVersion, type Runner } from '../../src/installer/index.ts';
import { makeVendor, type Vendor } from '../cli/site/vendor.ts';
import { personAt } from '../cli/typed.ts';
import { makeInstance } from '../support/instances.ts';
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

/** The folder of the one program that lies unpacked there. */
function programIn(place: string): string {
  const folders = readdirSync(place).filter((name) => /^[0-9a-f]{32}$/.test(name));
  expect(folders).toHaveLength(1);
  return folders[0]!;
}

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
  /** Starts the file for something that it does without an instance. */
  const starts = (words: readonly string[] = [], options = {}) =>
    machine.runs(['/opt/installer', 'crossgap', 'process', 'schema', ...words], options);
  const theSchema = { exitCode: 0, stdout: expect.stringContaining('"$schema"') as string, stderr: '' };

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
    expect(readdirSync(media).toSorted()).toEqual([
      'orders-3.2.0-installer',
      'transport-orders-3.2.0-installer.txt',
    ]);
  });

  test('the sheet that travels with it is what sha256sum reads', () => {
    const ran = spawnSync('sha256sum', ['-c', 'transport-orders-3.2.0-installer.txt'], {
      cwd: media,
      encoding: 'utf8',
    });
    expect(ran).toMatchObject({ status: 0, stdout: 'orders-3.2.0-installer: OK\n' });
    expect(readFileSync(join(media, 'transport-orders-3.2.0-installer.txt'), 'utf8')).toContain(
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
    const sheet = readFileSync(join(out, 'transport-cg000002.txt'), 'utf8');
    for (const name of [program, ...parts.map((part) => part.file.split('/').at(-1)!)])
      expect(sheet).toMatch(new RegExp(`^[0-9a-f]{64}  ${name}$`, 'm'));
    rmSync(out, { recursive: true });
  });

  test('the file of a release for one site is not written over by that for another', async () => {
    await vendor.invite('depot');
    await vendor.asks(['release', 'publish', '3.2.0', '--to', 'depot']);
    const wish = ['--release', '3.2.0', '--installer', platform, '--out', media, '--json'];
    const { exitCode, error } = await vendor.types(['bundle', 'export', '--to', 'depot', ...wish]);
    expect([exitCode, error.code]).toEqual([3, 'INSTALLER_NOT_WRITTEN']);
    expect(error.message).toContain('the one for plant lies there');
    expect(await vendor.asks<{ link: string }[]>('bundle list')).not.toContainEqual(
      expect.objectContaining({ link: 'depot' }),
    );
    expect(
      spawnSync('sha256sum', ['-c', 'transport-orders-3.2.0-installer.txt'], { cwd: media }).status,
    ).toBe(0);
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
    expect(await building(right)).toMatchObject({ platform });
    const needed = async () => await refuseOtherRuntimes([right], ['plan9-x64']);
    expect(codeOf(await laterRefusal(needed))).toBe('RUNTIME_NOT_NEEDED misused');
  });

  test('it runs where there is no Node, no shell and no network, whatever is said to Node, and writes only where it says', () => {
    expect(starts([], { env: { NODE_OPTIONS: '--require=/nowhere.js' } })).toEqual(theSchema);
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
    const folder = programIn(machine.here(`${data}/program`));
    const start = `${data}/program/${folder}/bin/crossgap.js`;
    const own = machine.runs(['/opt/installer', start, '--help']);
    expect(own.stdout).toContain('Usage: crossgap [options] [command]');
    const foreign = machine.runs(['/opt/installer', '/tmp/bin/crossgap.js', '--help']);
    expect(foreign.stdout).toContain('Usage: /opt/installer [options]\n');
    expect(foreign.stdout).toMatch(/now\s+\/var\/lib\/crossgap\)/);
  });

  test('a program that was changed where it was unpacked is put back and told', () => {
    const place = machine.here(`${data}/program`);
    writeFileSync(join(place, programIn(place), 'dist/cli/main.js'), 'process.stdout.write("mean");');
    const ran = starts();
    expect(ran).toEqual({ ...theSchema, stderr: expect.any(String) as string });
    expect(ran.stderr).toContain('was changed since it was unpacked: it is put back');
  });

  test.each([
    ['dist/cli/main.js', ['crossgap', 'process', 'schema']],
    ['dist/cli/help.js', ['--help']],
  ])('a file with a changed byte in %s is refused, and puts back nothing', (path, words) => {
    const place = machine.here(`${data}/program`);
    const folder = join(place, programIn(place));
    const [before, content] = [statSync(folder).ino, readFileSync(join(folder, path))];
    const bytes = readFileSync(file);
    const at = bytes.indexOf(content) + content.length - 1;
    expect(at).toBeGreaterThan(content.length);
    bytes[at]! ^= 1;
    writeFileSync(machine.here('/opt/changed'), bytes, { mode: 0o755 });
    // What lies there differs as well: it is the file that says what it has to be.
    writeFileSync(join(folder, path), 'mean');
    const ran = machine.runs(['/opt/changed', ...words]);
    rmSync(machine.here('/opt/changed'));
    expect([ran.exitCode, ran.stdout]).toEqual([4, '']);
    expect(ran.stderr).toContain(
      `its program is damaged: ${path} in it is not as it was built [INSTALLER_DAMAGED]`,
    );
    expect(ran.stderr).toContain('compare its SHA-256 with the transport sheet');
    expect(ran.stderr).not.toMatch(/put back|\n\s+at /);
    expect(statSync(folder).ino).toBe(before);
    writeFileSync(join(folder, path), content, { mode: 0o600 });
  });

  test('what an earlier file unpacked is removed by the next one that is started, unless a process runs from it', () => {
    const place = machine.here(`${data}/program`);
    const [old, used, unknown] = ['a', 'b', 'c'].map((letter) => letter.repeat(32)) as [
      string,
      string,
      string,
    ];
    for (const name of [old, used, unknown]) mkdirSync(join(place, name));
    for (const name of [old, used]) writeFileSync(join(place, `${name}.lock`), '');
    const lock = new Database(join(place, `${used}.lock`));
    lock.exec('BEGIN; SELECT * FROM sqlite_schema');
    expect(starts()).toEqual(theSchema);
    lock.close();
    const left = readdirSync(place).filter((name) => /^[0-9a-f]{32}$/.test(name));
    expect(left.toSorted()).toHaveLength(3);
    expect(left).toEqual(expect.arrayContaining([used, unknown]));
    starts();
    expect(readdirSync(place).filter((name) => [old, used].some((one) => name.startsWith(one)))).toEqual([]);
    rmSync(join(place, unknown), { recursive: true });
  });

  test.each(['/opt/with a blank/installer', "/opt/größer's\nline/🚀 installer"])(
    'it runs from %j, and names itself so that it can be typed',
    (path) => {
      const folder = machine.here(path.slice(0, path.lastIndexOf('/')));
      mkdirSync(folder, { recursive: true });
      linkSync(machine.here('/opt/installer'), machine.here(path));
      const run = (words: readonly string[]) =>
        machine.runs([path, ...words], { env: { TMPDIR: '/nowhere', LANG: 'xx', TZ: 'Moon/Base' } });
      expect(run(['crossgap', '--version'])).toMatchObject({ exitCode: 0, stderr: '' });
      const quoted = `'${path.replaceAll("'", `'\\''`)}'`;
      expect(run(['--help']).stdout).toContain(`${quoted} --answers answers.yaml --check`);
      const asked = run(['--check', '--fingerprint', 'one two three four five six', '--json']);
      expect(asked.exitCode, asked.stderr).toBe(4);
      expect(asked.stderr).toContain('[FINGERPRINT_DIFFERS]');
      rmSync(folder, { recursive: true });
    },
  );

  test('it runs from a medium that can not be written to', () => {
    const mounts = 'mount --bind "$ROOT/opt" "$ROOT/opt" && mount -o remount,bind,ro "$ROOT/opt"';
    expect(starts([], { mounts })).toEqual(theSchema);
  });

  test.each<[string, string[], string]>([
    ['the version', ['--version'], '0.'],
    ['the version, as others call it', ['crossgap', '-v'], '0.'],
    ['its help', ['--help'], 'where everything is kept (else CROSSGAP_DATA; now\n'],
    ['the help of all commands', ['crossgap', 'help'], 'Usage: /opt/installer crossgap'],
    ['the help of one', ['crossgap', 'deploy', '--help', '--data', '/srv/data'], 'Usage: /opt/installer'],
  ])('%s is told where nothing can be written and no code be run but its own', (_what, words, said) => {
    const noexec = ['tmp', 'root'].map((one) => `mount -t tmpfs -o noexec none "$ROOT/${one}"`);
    const readOnly = ['mount --rbind "$ROOT" "$ROOT"', 'mount -o remount,bind,ro "$ROOT"'];
    const mounts = [...noexec, ...readOnly].join(' && ');
    expect(starts(['--data', '/srv/none'], { mounts }).exitCode).toBe(3);
    const ran = machine.runs(['/opt/installer', ...words], { mounts });
    expect(ran).toEqual({ exitCode: 0, stdout: expect.stringContaining(said) as string, stderr: '' });
  });

  test('what only looks like a wish for help is done, or refused, as ever', () => {
    const data = '/srv/other';
    const asked = machine.runs(['/opt/installer', '--help', '--bogus', '--data', data]);
    expect([asked.exitCode, asked.stdout]).toEqual([0, expect.stringContaining('Usage: ')]);
    expect(existsSync(machine.here(data))).toBe(false);
    const value = machine.runs(['/opt/installer', '--result', '--help', '--data', data, '--json']);
    expect([value.exitCode, value.stderr]).toEqual([5, expect.stringContaining('[ANSWERS_MISSING]')]);
    expect(existsSync(machine.here(`${data}/program`))).toBe(true);
    rmSync(machine.here(data), { recursive: true });
  });

  test.runIf(process.geteuid?.() === 0 && requires('setpriv', 'an installer that another account starts'))(
    'an account that may not write there is told so, and where it could be kept instead',
    () => {
      const nobody = ['--reuid=65534', '--regid=65534', '--clear-groups'];
      const shared = mkdtempSync(join(tmpdir(), 'crossgap-nobody-'));
      const starts = (folder: string) => {
        const words = [...nobody, join(shared, 'installer'), '--data', folder, '--check', '--json'];
        const ran = spawnSync('setpriv', words, { encoding: 'utf8', env: { HOME: '/nonexistent' } });
        const { error } = JSON.parse(ran.stderr.trimEnd().split('\n').at(-1)!) as { error: { hint: string } };
        return { ...ran, hint: error.hint };
      };
      try {
        chmodSync(shared, 0o755);
        copyFileSync(file, join(shared, 'installer'));
        mkdirSync(join(shared, 'closed'), { mode: 0o700 });
        mkdirSync(join(shared, 'seen'), { mode: 0o755 });
        const closed = starts(join(shared, 'closed', 'data'));
        expect([closed.status, closed.stderr]).toEqual([3, expect.stringContaining('may not write there')]);
        expect(closed.hint).toContain('--data');
        const seen = starts(join(shared, 'seen'));
        expect([seen.status, seen.stderr]).toEqual([
          3,
          expect.stringContaining('belongs to another account'),
        ]);
        expect(readdirSync(join(shared, 'seen'))).toEqual([]);
        const words = [...nobody, join(shared, 'installer'), '--help'];
        const helped = spawnSync('setpriv', words, { encoding: 'utf8', env: {} });
        expect([helped.status, helped.stderr]).toEqual([0, '']);
      } finally {
        rmSync(shared, { recursive: true, force: true });
      }
    },
  );

  test('a site that has crossgap takes the invitation in from the file itself', async () => {
    (await makeInstance(root, 'plant', systemClock)).close();
    const plant = personAt(join(root, 'plant'));
    const { words } = await vendor.asks<{ words: string }>('identity show');
    await plant.asks(['link', 'accept', file, '--fingerprint', words]);
    await plant.asks(['bundle', 'import', file]);
    expect(await plant.asks<object[]>('link list')).toMatchObject([{ name: 'acme', state: 'confirmed' }]);
    expect(await plant.asks<object[]>('inbox')).toHaveLength(1);
  });

  test('a copy that broke off says so when it is started, and to whoever looks at it', async () => {
    const whole = readFileSync(file);
    const at = (await readInstaller(file))!.index.bundle!.offset + 5000;
    for (const bytes of [at, whole.length / 2]) {
      const half = join(root, 'half');
      writeFileSync(half, whole.subarray(0, bytes));
      const { exitCode, error } = await vendor.types(['bundle', 'inspect', half, '--json']);
      expect([exitCode, error.code]).toEqual([4, 'INSTALLER_DAMAGED']);
      expect(error.message).toMatch(
        /the end of the file is missing: [\d,]+ bytes are here of at least [\d,]+$/,
      );
    }
    writeFileSync(machine.here('/opt/half'), whole.subarray(0, at), { mode: 0o755 });
    const ran = machine.runs(['/opt/half', '--check', '--json']);
    expect(ran.exitCode).toBe(4);
    expect(ran.stderr).toContain('the end of the file is missing');
    rmSync(machine.here('/opt/half'));
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
    const ran = starts(['--data', folder, '--json'], { mounts });
    rmSync(machine.here('/tmp/file'), { force: true });
    expect(ran.exitCode).toBe(3);
    expect(ran.stderr).toContain(`[${code}]`);
    expect(ran.stderr).toContain(why);
    expect(ran.stderr).not.toMatch(/\n\s+at /);
    const { error } = JSON.parse(ran.stderr.trimEnd().split('\n').at(-1)!) as { error: { hint: string } };
    expect(error.hint).toContain('--data');
  });
});
