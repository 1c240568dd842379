import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { addEnvironment } from '../../src/commands/index.ts';
import { createInstance, openInstance, type Instance } from '../../src/instance/index.ts';
import { readEnvironments } from '../../src/projections/index.ts';
import { memoryFolder } from '../support/build-nupkg.ts';
import { selfSigned } from '../support/certificates.ts';
import { companyOf, heldClock, makeInstance } from '../support/instances.ts';
import { codeOf, laterRefusal, refusal } from '../support/refusal.ts';

let root: ReturnType<typeof memoryFolder>;
beforeEach(() => {
  root = memoryFolder();
});
afterEach(() => root[Symbol.dispose]());

const clock = heldClock();
const at = (...names: string[]): string => join(root.path, 'acme', ...names);
const init = (name = 'acme', company = companyOf('acme')) => createInstance(at(), { name, company }, clock);
const open = () => openInstance(at(), { clock });
const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8);
const recordEnvironment = (instance: Instance, name: string): void => {
  instance.record((db) => addEnvironment(readEnvironments(db), { name, after: [], tags: [] }));
};
/** Every file below the data folder with its bytes, but for what SQLite keeps beside the database. */
const snapshot = (): Record<string, string> =>
  Object.fromEntries(
    readdirSync(root.path, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && !/-(?:wal|shm)$/.test(entry.name))
      .map((entry) => join(entry.parentPath, entry.name))
      .map((path) => [path, readFileSync(path, 'base64')]),
  );

describe('a new instance', () => {
  test('has its name, its company and keys of its own, and a log that only introduces it', async () => {
    const { instance, created } = await init();
    using made = instance;
    expect(created).toBe(true);
    expect(made.identity.name).toBe('acme');
    expect(made.identity.certificate.subject).toBe('CN=acme');
    expect(made.identity.words.split(' ')).toHaveLength(6);
    expect(made.log.entryCount()).toBe(1);
    expect(made.settings.listen).toBe('127.0.0.1:7420');
  });

  test('lies in folders and key files that nobody else can enter or read', async () => {
    (await init()).instance.close();
    for (const name of ['', 'keys', 'blobs', 'apps', 'runs', 'inbox', 'outbox'])
      expect(modeOf(at(name))).toBe('700');
    for (const name of readdirSync(at('keys'))) expect(modeOf(at('keys', name))).toBe('600');
  });

  test('is kept out of a git repository around it', async () => {
    (await init()).instance.close();
    expect(readFileSync(at('.gitignore'), 'utf8')).toBe('*\n');
  });

  test('does not keep the key that introduced it', async () => {
    (await init()).instance.close();
    const { d } = companyOf('acme').privateKey.export({ format: 'jwk' });
    const secret = Buffer.from(d!, 'base64url').subarray(0, 32);
    for (const content of Object.values(snapshot()))
      expect(Buffer.from(content, 'base64').includes(secret)).toBe(false);
  });

  test('is another one than the next, although name and company are the same', async () => {
    using first = (await init()).instance;
    using second = await makeInstance(join(root.path, 'elsewhere'), 'acme', clock);
    expect(second.identity.instanceId).not.toBe(first.identity.instanceId);
    expect(second.identity.signingKey).not.toEqual(first.identity.signingKey);
    expect(second.identity.words).toBe(first.identity.words);
  });

  test('made again in the same folder is the one that is there', async () => {
    const first = await init();
    recordEnvironment(first.instance, 'qa');
    first.instance.close();
    const before = snapshot();
    const { instance, created } = await init();
    using again = instance;
    expect(created).toBe(false);
    expect(again.identity.instanceId).toBe(first.instance.identity.instanceId);
    expect(readEnvironments(again.db)).toHaveLength(1);
    expect(snapshot()).toEqual(before);
  });

  test('under another name in that folder is refused, and who lives there is named', async () => {
    (await init()).instance.close();
    const before = snapshot();
    const error = await laterRefusal(() => init('contoso'));
    expect(codeOf(error)).toBe('DATA_FOLDER_TAKEN refused');
    expect(error.message).toContain('acme lives there');
    expect(snapshot()).toEqual(before);
  });

  test('is not made in a folder that holds something else', async () => {
    mkdirSync(at());
    writeFileSync(at('holiday.jpg'), 'a picture');
    const error = await laterRefusal(() => init());
    expect(codeOf(error)).toBe('DATA_FOLDER_TAKEN refused');
    expect(readdirSync(at())).toEqual(['holiday.jpg']);
  });

  test('is made in an empty folder that is there already', async () => {
    mkdirSync(at());
    using made = (await init()).instance;
    expect(made.identity.name).toBe('acme');
  });

  test('where a file is in the way is refused', async () => {
    writeFileSync(at(), 'a file');
    expect(codeOf(await laterRefusal(() => init()))).toBe('DATA_FOLDER_NOT_WRITABLE misused');
    expect(readFileSync(at(), 'utf8')).toBe('a file');
  });

  test('that fails half-way takes away what it made and nothing else, and can be made there afterwards', async () => {
    let stopped = false;
    const clockThatStops = {
      now(): number {
        if (stopped) throw new Error('the clock stopped');
        return clock.now();
      },
    };
    const making = createInstance(at(), { name: 'acme', company: companyOf('acme') }, clockThatStops);
    stopped = true;
    writeFileSync(at('holiday.jpg'), 'put there meanwhile');
    await expect(making).rejects.toThrow('the clock stopped');
    expect(readdirSync(at())).toEqual(['holiday.jpg']);
    rmSync(at('holiday.jpg'));
    using made = (await init()).instance;
    expect(made.identity.name).toBe('acme');
  });

  test('with a certificate that is not valid now is refused, and leaves the folder free for the next try', async () => {
    const validFrom = new Date('2020-01-01');
    const old = selfSigned('Old', { validFrom, validTo: new Date('2021-01-01') });
    const error = await laterRefusal(() => init('acme', old));
    expect(codeOf(error)).toBe('CERTIFICATE_NOT_VALID_THEN verification');
    using made = (await init()).instance;
    expect(made.identity.name).toBe('acme');
  });
});

describe('opening an instance', () => {
  beforeEach(async () => (await init()).instance.close());
  const refused = async (): Promise<string> => codeOf(await laterRefusal(open));

  test('gives what was recorded before', async () => {
    {
      using first = await open();
      recordEnvironment(first, 'qa');
    }
    using second = await open();
    expect(readEnvironments(second.db)).toEqual([{ name: 'qa', after: [], tags: [] }]);
    expect(second.log.standing()).toEqual({ state: 'good' });
  });

  test('and closing it twice is closing it once', async () => {
    const instance = await open();
    instance.close();
    instance.close();
    expect(instance.db.open).toBe(false);
  });

  test('where there is none is refused, and nothing is made there', async () => {
    const error = await laterRefusal(() => openInstance(join(root.path, 'nowhere')));
    expect(codeOf(error)).toBe('DATA_FOLDER_MISSING misused');
    expect(readdirSync(root.path)).toEqual(['acme']);
  });

  test('of another key than the introduction names is refused', async () => {
    using other = await makeInstance(join(root.path, 'elsewhere'), 'acme', clock);
    copyFileSync(other.folder.introduction, at('keys', 'introduction'));
    expect(await refused()).toBe('INSTANCE_DAMAGED verification');
  });

  test('with keys that others may read is refused', async () => {
    for (const name of readdirSync(at('keys'))) {
      chmodSync(at('keys', name), 0o640);
      expect(await refused()).toBe('KEY_FILE_EXPOSED verification');
      chmodSync(at('keys', name), 0o600);
    }
    chmodSync(at('keys'), 0o755);
    expect(await refused()).toBe('KEY_FILE_EXPOSED verification');
    chmodSync(at('keys'), 0o700);
    (await open()).close();
  });

  test('without any one of its keys is refused', async () => {
    for (const name of readdirSync(at('keys'))) {
      const content = readFileSync(at('keys', name));
      rmSync(at('keys', name));
      expect(await refused()).toBe('KEY_FILE_MISSING inputMissing');
      writeFileSync(at('keys', name), content, { mode: 0o600 });
    }
    (await open()).close();
  });

  test('with a vault key of another length is refused, not only when the first secret is set', async () => {
    writeFileSync(at('keys', 'vault-key'), 'short');
    expect(await refused()).toBe('INSTANCE_DAMAGED verification');
  });

  test('with an introduction that was changed is refused', async () => {
    const bytes = readFileSync(at('keys', 'introduction'));
    bytes[30]! ^= 1;
    writeFileSync(at('keys', 'introduction'), bytes);
    expect(await refused()).toBe('INTRODUCTION_SIGNATURE_INVALID verification');
  });

  test('with settings that are wrong is refused, and works when they are mended', async () => {
    writeFileSync(at('crossgap.toml'), 'lissten = "x"');
    expect(await refused()).toBe('SETTINGS_INVALID misused');
    rmSync(at('crossgap.toml'));
    (await open()).close();
  });

  test('with a database of another program is refused', async () => {
    writeFileSync(at('crossgap.db'), 'SQLite format 3\0 but not ours'.padEnd(4096, '.'));
    expect(await refused()).toBe('DATABASE_FOREIGN misused');
  });

  test('whose database was put back from a backup shows it and writes nothing', async () => {
    const record = async (name: string): Promise<void> => {
      using instance = await open();
      recordEnvironment(instance, name);
      instance.log.saveHead();
    };
    await record('qa');
    const backup = readFileSync(at('crossgap.db'));
    await record('uat');
    for (const beside of ['-wal', '-shm']) rmSync(at(`crossgap.db${beside}`), { force: true });
    writeFileSync(at('crossgap.db'), backup);
    using restored = await open();
    expect(restored.log.standing().state).toBe('ROLLED_BACK');
    expect(codeOf(refusal(() => recordEnvironment(restored, 'x')))).toBe('ROLLED_BACK verification');
  });
});
