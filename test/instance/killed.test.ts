import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { setInput } from '../../src/commands/index.ts';
import { backupInstance, openInstance, restoreInstance, type Instance } from '../../src/instance/index.ts';
import { temporaryFolder } from '../support/build-nupkg.ts';
import { program } from '../support/companies.ts';
import { heldClock, makeInstance } from '../support/instances.ts';

const clock = heldClock();
let root: ReturnType<typeof temporaryFolder>;
beforeEach(() => {
  root = temporaryFolder();
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
  test('while the database is made leaves no instance, and what is there is in the way by name until it is removed', async () => {
    const init = ['init', '--name', 'acme'];
    expect(type('db.create.written', ...init, '--new-certificate', at('acme.pfx'))).toBe('SIGKILL');
    expect(existsSync(join(at('acme'), 'crossgap.db'))).toBe(false);
    await expect(openInstance(at('acme'), { clock })).rejects.toEqual(refusal('DATA_FOLDER_MISSING'));
    // The certificate was written before.
    const again = (): unknown => type('', ...init, '--certificate', at('acme.pfx'));
    expect(again).toThrow('DATA_FOLDER_TAKEN');
    rmSync(at('acme'), { recursive: true });
    expect(again()).toBe(0);
    using instance = await openInstance(at('acme'), { clock });
    expect(await instance.log.verify({ full: true })).toMatchObject({ ok: true, entries: 1 });
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
