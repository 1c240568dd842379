import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { followRun, readJournal, startRun } from '../../src/executor/index.ts';
import { systemCode } from '../../src/executor/errors.ts';
import { temporaryFolder } from '../support/build-nupkg.ts';
import { command, runKey } from '../support/scripts-killed.ts';
import { planOf, runStep } from '../support/scripts-run.ts';
import { filesHolding, secretForms } from '../support/secret-forms.ts';

/** Bytes of a file of /proc; nothing where its process has ended or is not ours. */
function shown(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    if (systemCode(error) !== undefined) return Buffer.alloc(0);
    throw error;
  }
}

/** Where on this machine one of the forms can be read: as an argument, in an environment, in a file below a folder. */
function inSight(root: string, forms: ReadonlyMap<string, Buffer>): string[] {
  const found: string[] = [];
  const look = (where: string): void => {
    const bytes = shown(where);
    for (const [form, held] of forms) if (bytes.includes(held)) found.push(`${where}: ${form}`);
  };
  for (const pid of readdirSync('/proc').filter(
    (name) => /^\d+$/.test(name) && name !== String(process.pid),
  )) {
    look(`/proc/${pid}/cmdline`);
    look(`/proc/${pid}/environ`);
  }
  for (const [file, form] of filesHolding(root, forms)) found.push(`${file}: ${form}`);
  return found;
}

test('T-74 INV-8 while a deployment runs, and after it, its secrets are in no argument, environment or file', async () => {
  using folder = temporaryFolder();
  const root = folder.path;
  const secret = `correct "horse" & <battery>/ü`;
  for (const pipe of ['ready', 'go']) execFileSync('mkfifo', [folder.file(pipe)]);
  const text = [
    `echo ready > '${root}/ready'`,
    `read -r _ < '${root}/go'`,
    'password="$(get_octopusvariable Db.Password)"',
    '[ "#{Db.Password | ToBase64}" = "$(printf %s "$password" | base64 -w0)" ] && echo "same"',
    'set_octopusvariable Copy "$password" -sensitive',
  ].join('\n');
  const plan = planOf(
    root,
    [runStep('One', text), runStep('Two', 'get_octopusvariable "Octopus.Action[One].Output.Copy" | wc -c')],
    {
      inputs: [{ name: 'Db.Password', secret: true, version: 1 }],
    },
  );
  const forms = secretForms(secret);
  const runFolder = join(root, 'run');
  await startRun({
    runFolder,
    mode: 'start',
    plan,
    secrets: { 'Db.Password': secret },
    runKey,
    command: command(),
  });
  expect(await readFile(folder.file('ready'), 'utf8')).toBe('ready\n');
  const during = inSight(root, forms);
  await writeFile(folder.file('go'), 'go\n');
  const { signal } = new AbortController();
  for await (const fact of followRun(runFolder, { signal }))
    expect(JSON.stringify(fact)).not.toContain('horse');
  expect(during).toEqual([]);
  expect(readJournal(runFolder)).toMatchObject({ state: 'succeeded' });
  expect(readFileSync(join(runFolder, 'log.txt'), 'utf8')).toContain('  same\n');
  expect(inSight(root, forms)).toEqual([]);
});

test('a secret that does stand in an argument, an environment or a file is found there', async () => {
  using folder = temporaryFolder();
  const secret = 'correct-horse-battery';
  const careless = `exec 4> '${folder.file('open')}'; echo "$1" >&4; echo up; read -r _`;
  const child = spawn('bash', ['-c', careless, 'bash', secret], {
    stdio: ['pipe', 'pipe', 'ignore'],
    env: { ...process.env, CARELESS: Buffer.from(secret).toString('base64') },
  });
  await once(child.stdout, 'data');
  const found = inSight(folder.path, secretForms(secret)).filter(
    (place) => place.startsWith(`/proc/${child.pid}/`) || place.startsWith(folder.path),
  );
  child.kill('SIGKILL');
  const places = new Set(found.map((place) => place.replace(/: .*/, '').split('/').at(-1)));
  expect(places).toEqual(new Set(['cmdline', 'environ', 'open']));
});
