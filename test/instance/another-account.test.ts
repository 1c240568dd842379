import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { temporaryFolder } from '../support/build-nupkg.ts';
import { heldClock, makeInstance } from '../support/instances.ts';
import { requires } from '../support/requires.ts';

const isRoot = process.getuid?.() === 0;
const asAnother =
  isRoot && requires('setpriv', 'data folders of another account, or that can not be written');
const account = 65_534;
const instanceRoom = join(import.meta.dirname, '../../src/instance/index.ts');

/** Runs steps as another account, since root may do everything; what each came to, a line each. */
function another(data: string, steps: string): string[] {
  const program = `
    import { chmodSync } from 'node:fs';
    import { openInstance } from ${JSON.stringify(instanceRoom)};
    const data = ${JSON.stringify(data)};
    const open = async (work = () => {}) => {
      try {
        using instance = await openInstance(data);
        work(instance);
        console.log('done');
      } catch (error) {
        console.log(error.code, error.exitCode);
      }
    };
    const introduce = ({ log, identity }) =>
      log.openFeed({ audience: 'ab'.repeat(16), introduction: identity.bytes });
    ${steps}
  `;
  const ids = [`--reuid=${account}`, `--regid=${account}`, '--clear-groups'];
  const node = [process.execPath, '--input-type=module', '-e', program];
  const { stdout, stderr } = spawnSync('setpriv', [...ids, ...node], { encoding: 'utf8' });
  return `${stdout}${stderr}`.trim().split('\n');
}

describe.runIf(asAnother)('a data folder', () => {
  let root: ReturnType<typeof temporaryFolder>;
  let data: string;
  beforeEach(async () => {
    root = temporaryFolder();
    chmodSync(root.path, 0o755);
    using made = await makeInstance(root.path, 'acme', heldClock());
    data = made.folder.root;
  });
  afterEach(() => root[Symbol.dispose]());

  test('of another account is refused, however open its folders are, and nothing in it changes', () => {
    const before = readdirSync(data);
    expect(another(data, 'await open();')).toEqual(['DATA_FOLDER_MISSING 2']);
    for (const folder of [data, join(data, 'keys')]) chmodSync(folder, 0o755);
    chmodSync(join(data, 'crossgap.toml'), 0o644);
    expect(another(data, 'await open();')).toEqual(['KEY_FILE_EXPOSED 4']);
    expect(readdirSync(data)).toEqual(before);
  });

  test('that can not be written is named, loses nothing, and is written again when it can', () => {
    execFileSync('chown', ['-R', `${account}:${account}`, data]);
    const database = join(data, 'crossgap.db');
    const before = readFileSync(database, 'base64');
    const [folder, file] = [`chmodSync(data,`, `chmodSync(${JSON.stringify(database)},`];
    const told = another(
      data,
      `${folder} 0o500); await open(introduce); ${folder} 0o700);
       ${file} 0o400); await open(introduce); ${file} 0o600);`,
    );
    expect(told).toEqual(['DATABASE_READ_ONLY 3', 'DATABASE_READ_ONLY 3']);
    expect(readFileSync(database, 'base64')).toBe(before);
    expect(another(data, 'await open(introduce); await open();')).toEqual(['done', 'done']);
  });
});
