import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { setInput } from '../../src/commands/index.ts';
import { backupInstance, openInstance, restoreInstance, type Instance } from '../../src/instance/index.ts';
import { memoryFolder } from '../support/build-nupkg.ts';
import { tryLock } from '../../src/lock.ts';
import { program } from '../support/companies.ts';
import { heldClock, makeInstance } from '../support/instances.ts';

const clock = heldClock();
let root: ReturnType<typeof memoryFolder>;
beforeEach(() => {
  root = memoryFolder();
});
afterEach(() => root[Symbol.dispose]());

const at = (name: string): string => join(root.path, name);
const refusal = (code: string): unknown => expect.objectContaining({ code });

/** Types a command that is killed at a point, or is not. */
function type(fault: string, ...words: string[]): NodeJS.Signals | number | null {
  const env = { ...process.env, CROSSGAP_FAULT: fault };
  const { signal, status, stderr } = spawnSync(process.execPath, [program, '--data', at('acme'), ...words], {
    env,
    encoding: 'utf8',
  });
  if (signal === null && status !== 0) throw new Error(stderr);
  return signal ?? status;
}

async function acme(): Promise<Instance> {
  return await makeInstance(root.path, 'acme', clock);
}

function set(instance: Instance, value: string): void {
  instance.record(
    () => setInput(undefined, { name: 'Port', environment: null, secret: false, value }, []).decision,
  );
}

describe('T-35 a command that is killed', () => {
  const init = ['init', '--name', 'acme'];
  // The certificate was written before.
  const initAgain = (): unknown => type('', ...init, '--certificate', at('acme.pfx'));

  test.each(['init.begun', 'init.keys-made', 'db.create.written', 'init.database-made', 'init.made'])(
    'at %s while an instance is made is typed again, and makes or finishes it',
    async (fault) => {
      expect(type(fault, ...init, '--new-certificate', at('acme.pfx'))).toBe('SIGKILL');
      expect(initAgain()).toBe(0);
      using instance = await openInstance(at('acme'), { clock });
      expect(await instance.log.verify({ full: true })).toMatchObject({ ok: true, entries: 1 });
      expect(instance.log.standing()).toEqual({ state: 'good' });
      expect(readdirSync(at('acme')).filter((name) => name.includes('init'))).toEqual([]);
      expect(initAgain()).toBe(0);
    },
  );

  test('while the database is made leaves no instance, and another name may have the folder', async () => {
    expect(type('db.create.written', ...init, '--new-certificate', at('acme.pfx'))).toBe('SIGKILL');
    await expect(openInstance(at('acme'), { clock })).rejects.toEqual(refusal('DATA_FOLDER_MISSING'));
    expect(type('', 'init', '--name', 'other', '--certificate', at('acme.pfx'))).toBe(0);
  });

  test.each([
    ['holiday.jpg', 'a picture'],
    ['keys/mine.key', 'a key'],
    ['runs/notes.txt', 'notes'],
    ['crossgap.toml', 'listen = "127.0.0.1:9000"'],
    ['vault', 'secrets'],
  ])(
    'while an instance is made is in the way by name where somebody put %s since, which stays',
    (name, content) => {
      expect(type('db.create.written', ...init, '--new-certificate', at('acme.pfx'))).toBe('SIGKILL');
      writeFileSync(join(at('acme'), name), content);
      const there = (): string[] =>
        readdirSync(at('acme'), { recursive: true, encoding: 'utf8' })
          .filter((path) => !path.startsWith('init.lock'))
          .toSorted();
      const before = there();
      expect(initAgain).toThrow('DATA_FOLDER_TAKEN');
      expect(readFileSync(join(at('acme'), name), 'utf8')).toBe(content);
      expect(there()).toEqual(before);
    },
  );

  test('while an instance is made does not let a second one begin as long as the first lives', async () => {
    expect(type('db.create.written', ...init, '--new-certificate', at('acme.pfx'))).toBe('SIGKILL');
    using _first = tryLock(join(at('acme'), 'init.lock'), 'init');
    expect(initAgain).toThrow('DATA_FOLDER_TAKEN');
  });

  test('after it was finished all but its mark, and used since, keeps what was recorded', async () => {
    expect(type('init.made', ...init, '--new-certificate', at('acme.pfx'))).toBe('SIGKILL');
    {
      using instance = await openInstance(at('acme'), { clock });
      set(instance, '8080');
    }
    expect(initAgain()).toBe(0);
    using instance = await openInstance(at('acme'), { clock });
    expect(instance.log.entryCount()).toBe(2);
  });

  test('m2: while a backup is written leaves none under its name, and typed again it writes one', async () => {
    (await acme()).close();
    expect(type('backup.written', 'backup', at('acme.db'))).toBe('SIGKILL');
    expect(existsSync(at('acme.db'))).toBe(false);
    expect(type('', 'backup', at('acme.db'))).toBe(0);
    expect(readdirSync(root.path).toSorted()).toEqual(['acme', 'acme.db']);
  });

  test.each(['restore.begun', 'restore.set-aside'])(
    'm3: at %s leaves a folder that nobody opens, and the same restore finishes it',
    async (fault) => {
      const instance = await acme();
      await backupInstance(instance, at('acme.db'));
      set(instance, '8080');
      instance.close();
      expect(type(fault, 'restore', at('acme.db'))).toBe('SIGKILL');
      await expect(openInstance(at('acme'), { clock })).rejects.toEqual(refusal('RESTORE_UNFINISHED'));
      const { replaced, standing } = await restoreInstance(at('acme'), at('acme.db'), clock);
      expect(standing.state).toBe('ROLLED_BACK');
      expect(existsSync(replaced!)).toBe(true);
      using again = await openInstance(at('acme'), { clock });
      expect(again.log.entryCount()).toBe(1);
    },
  );
});
