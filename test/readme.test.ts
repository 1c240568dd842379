import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { afterAll, expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '..');
const readme = readFileSync(join(root, 'README.md'), 'utf8');
const folder = mkdtempSync(join(tmpdir(), 'crossgap-readme-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The blocks that the README says run as they stand, as one script. */
const script = [...readme.matchAll(/<!-- run -->\n```sh\n([\s\S]*?)```/g)]
  .map(([, block]) => block!)
  .join('');

test('what the README has a new user type works as it stands', () => {
  const program = join(root, 'bin/crossgap.js');
  const typed = `set -e\nnpx() { shift; node ${JSON.stringify(program)} "$@"; }\n${script}`;
  const said = execFileSync('bash', ['-c', typed], {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, PATH: `${dirname(process.execPath)}${delimiter}${process.env['PATH']}` },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  expect(said).toContain('exit 5: inputs are missing');
  expect(said).toMatch(/Hello\/1\.0\.0 in test succeeded/);
  expect(said).toMatch(/^contoso +live +Hello 1\.0\.0 +succeeded /m);
});

test('every place the README links to is there', () => {
  const links = [...readme.matchAll(/\]\((?!http)([^)#]+)/g)].map(([, path]) => path!);
  expect(links.filter((path) => !existsSync(join(root, path)))).toEqual([]);
});
