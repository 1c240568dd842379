import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { setInput } from '../../src/commands/index.ts';
import { backupInstance, openInstance, restoreInstance, type Instance } from '../../src/instance/index.ts';
import { tryLock } from '../../src/lock.ts';
import { memoryFolder } from '../support/build-nupkg.ts';
import { requiresSmallDisk } from '../support/requires.ts';
import { heldClock, makeInstance } from '../support/instances.ts';

const clock = heldClock();
let root: ReturnType<typeof memoryFolder>;
let acme: Instance;
beforeEach(async () => {
  root = memoryFolder();
  acme = await makeInstance(root.path, 'acme', clock);
});
afterEach(() => {
  acme.close();
  root[Symbol.dispose]();
});

const refusal = (code: string): unknown => expect.objectContaining({ code });
const at = (name: string): string => join(root.path, name);

const set = (instance: Instance, name: string, value: string): void => {
  instance.record(() => setInput(undefined, { name, environment: null, secret: false, value }, []).decision);
};

const headsOf = ({ log }: Instance): string[] => log.feeds().map(({ hash }) => hash);

describe('a backup', () => {
  test('holds the database as it is at that moment, verified, and names its heads', async () => {
    set(acme, 'Port', '8080');
    const facts = await backupInstance(acme, at('acme.db'));
    expect(facts).toMatchObject({ file: at('acme.db'), entries: 2, instanceId: acme.identity.instanceId });
    expect(facts.heads.map(({ hash }) => hash)).toEqual(headsOf(acme));
    expect(statSync(at('acme.db')).mode & 0o777).toBe(0o600);
    expect(readdirSync(root.path).toSorted()).toEqual(['acme', 'acme.db']);
  });

  test('is taken while another process writes, and holds what was committed before', async () => {
    using other = await openInstance(acme.folder.root, { clock });
    set(other, 'One', '1');
    const taken = backupInstance(acme, at('acme.db'));
    set(other, 'Two', '2');
    expect((await taken).entries).toBe(2);
  });

  test('holds neither keys nor secrets', async () => {
    acme.record(() => {
      acme.vault.keep({ name: 'Db', environment: null, version: 1 }, 'correct horse battery');
      return setInput(undefined, { name: 'Db', environment: null, secret: true, value: null }, []).decision;
    });
    await backupInstance(acme, at('acme.db'));
    const bytes = readFileSync(at('acme.db'));
    const keys = readdirSync(acme.folder.keys).filter((name) => name !== 'introduction');
    expect(keys.length).toBeGreaterThan(2);
    for (const name of keys) expect(bytes.includes(readFileSync(join(acme.folder.keys, name)))).toBe(false);
    expect(bytes.includes('PRIVATE KEY')).toBe(false);
    expect(bytes.includes('correct horse battery')).toBe(false);
    expect(bytes.includes(readFileSync(acme.folder.vault))).toBe(false);
  });

  test('is never written over a file that is there', async () => {
    writeFileSync(at('acme.db'), 'mine');
    await expect(backupInstance(acme, at('acme.db'))).rejects.toEqual(refusal('BACKUP_EXISTS'));
    expect(readFileSync(at('acme.db'), 'utf8')).toBe('mine');
  });

  test('m2: what a cut-short one left is swept by the next, and nothing is left where there is no room', async () => {
    writeFileSync(at('.acme.db.unfinished'), 'half a backup');
    await backupInstance(acme, at('acme.db'));
    expect(readdirSync(root.path)).not.toContain('.acme.db.unfinished');
    await expect(backupInstance(acme, at('no/such/acme.db'))).rejects.toEqual(refusal('BACKUP_FAILED'));
  });

  test('T-33 is cleaned up where the disk is full, and succeeds when there is room', async () => {
    if (!requiresSmallDisk('a backup on a full disk')) return;
    const disk = at('disk');
    mkdirSync(disk);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', disk]);
    try {
      const error = await backupInstance(acme, join(disk, 'acme.db')).catch((caught: unknown) => caught);
      expect(error).toMatchObject({
        code: 'BACKUP_FAILED',
        message: expect.stringContaining('disk is full'),
      });
      expect(readdirSync(disk)).toEqual([]);
      execFileSync('mount', ['-o', 'remount,size=4m', disk]);
      await backupInstance(acme, join(disk, 'acme.db'));
    } finally {
      execFileSync('umount', ['--lazy', disk]);
    }
  });

  test('is not called good where the database is not', async () => {
    const text = acme.db
      .prepare(`SELECT sql FROM sqlite_schema WHERE name = 'entry_keeps_its_values'`)
      .pluck();
    const trigger = text.get() as string;
    acme.db.exec(
      `DROP TRIGGER entry_keeps_its_values; UPDATE entry SET bytes = CAST(bytes || x'00' AS BLOB); ${trigger}`,
    );
    await expect(backupInstance(acme, at('acme.db'))).rejects.toEqual(refusal('INSTANCE_DAMAGED'));
    expect(readdirSync(root.path)).toEqual(['acme']);
  });
});

describe('a restore', () => {
  test('T-30 puts the backup in place, keeps what was there, and signs nothing with an older database', async () => {
    await backupInstance(acme, at('acme.db'));
    set(acme, 'Port', '8080');
    acme.close();
    const done = await restoreInstance(acme.folder.root, at('acme.db'), clock);
    expect(done).toMatchObject({ entries: 1, standing: { state: 'ROLLED_BACK' } });
    expect(existsSync(done.replaced!)).toBe(true);
    using again = await openInstance(acme.folder.root, { clock });
    expect(() => set(again, 'Port', '1')).toThrow(refusal('ROLLED_BACK'));
    again.log.startEpoch({ reason: 'the disk broke', actor: 'tester' });
    set(again, 'Port', '2');
    expect((await again.log.verify({ full: true })).ok).toBe(true);
  });

  test('of the newest state goes on at once', async () => {
    set(acme, 'Port', '8080');
    await backupInstance(acme, at('acme.db'));
    const heads = headsOf(acme);
    acme.close();
    writeFileSync(acme.folder.database, 'the disk wrote this');
    const done = await restoreInstance(acme.folder.root, at('acme.db'), clock);
    expect(done.standing).toEqual({ state: 'good' });
    using again = await openInstance(acme.folder.root, { clock });
    expect(headsOf(again)).toEqual(heads);
    set(again, 'Port', '1');
  });

  test('without the file `head` leaves it to a person whether the database is the newest', async () => {
    await backupInstance(acme, at('acme.db'));
    acme.close();
    rmSync(acme.folder.head);
    rmSync(acme.folder.database);
    const done = await restoreInstance(acme.folder.root, at('acme.db'), clock);
    expect(done.standing).toEqual({ state: 'SIDE_FILE_MISSING' });
  });

  test('takes no file of another instance, no other file, and no damaged one; the data folder stays as it is', async () => {
    const other = await makeInstance(root.path, 'contoso', clock);
    await backupInstance(other, at('contoso.db'));
    other.close();
    await backupInstance(acme, at('acme.db'));
    acme.close();
    const whole = readFileSync(at('acme.db'));
    const flipped = Buffer.from(whole);
    flipped[whole.indexOf('feed.opened') + 20]! ^= 1;
    for (const [name, bytes] of [
      ['flipped.db', flipped],
      ['short.db', whole.subarray(0, whole.length / 2)],
      ['text.db', Buffer.from('no database')],
      ['empty.db', Buffer.alloc(0)],
    ] as const)
      writeFileSync(at(name), bytes);
    const before = readdirSync(acme.folder.root).toSorted();
    for (const name of ['contoso.db', 'flipped.db', 'short.db', 'text.db', 'empty.db'])
      await expect(restoreInstance(acme.folder.root, at(name), clock), name).rejects.toEqual(
        refusal('RESTORE_UNFIT'),
      );
    await expect(restoreInstance(acme.folder.root, at('none.db'), clock)).rejects.toEqual(
      refusal('RESTORE_FAILED'),
    );
    expect(
      readdirSync(acme.folder.root).filter(
        (name) => !before.includes(name) && !name.startsWith('daemon.lock'),
      ),
    ).toEqual([]);
    using again = await openInstance(acme.folder.root, { clock });
    expect(again.log.standing()).toEqual({ state: 'good' });
  });

  test('waits for the daemon to be stopped, and for the keys to be there', async () => {
    await backupInstance(acme, at('acme.db'));
    using _daemon = tryLock(acme.folder.daemonLock, 'run');
    await expect(restoreInstance(acme.folder.root, at('acme.db'), clock)).rejects.toEqual(
      refusal('DAEMON_RUNNING'),
    );
    await expect(restoreInstance(at('nowhere'), at('acme.db'), clock)).rejects.toEqual(
      refusal('DATA_FOLDER_MISSING'),
    );
  });

  test('m3: one that was cut short leaves a folder nobody opens, and the same command finishes it', async () => {
    await backupInstance(acme, at('acme.db'));
    set(acme, 'Port', '8080');
    const { database, restoring, root: data } = acme.folder;
    copyFileSync(at('acme.db'), restoring);
    // Cut short behind the first of the files that are set aside.
    renameSync(`${database}-wal`, `${database}.replaced-wal`);
    const wal = readFileSync(`${database}.replaced-wal`);
    await expect(openInstance(data, { clock })).rejects.toEqual(refusal('RESTORE_UNFINISHED'));
    await restoreInstance(data, at('acme.db'), clock);
    expect(readFileSync(`${database}.replaced-wal`)).toEqual(wal);
    using again = await openInstance(data, { clock });
    expect(again.log.entryCount()).toBe(1);
  });

  test('m3: a backup copied by hand beside the log of the old database is refused, and nothing is played into it', async () => {
    await backupInstance(acme, at('acme.db'));
    set(acme, 'Port', '8080');
    const { database, root: data } = acme.folder;
    const wal = readFileSync(`${database}-wal`);
    expect(wal.length).toBeGreaterThan(0);
    acme.close();
    copyFileSync(at('acme.db'), database);
    writeFileSync(`${database}-wal`, wal);
    await expect(openInstance(data, { clock })).rejects.toEqual(refusal('DATABASE_WAL_FOREIGN'));
    expect(readFileSync(database)).toEqual(readFileSync(at('acme.db')));
    rmSync(`${database}-wal`);
    using again = await openInstance(data, { clock });
    expect(again.log.standing().state).toBe('ROLLED_BACK');
  });
});
