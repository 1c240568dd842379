import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readJournal, startRun } from '../../src/executor/index.ts';
import { verifyPackage } from '../../src/packages/index.ts';
import { buildZip, temporaryFolder } from '../support/build-nupkg.ts';
import { command, follow, runKey } from '../support/scripts-killed.ts';
import { packageStep, planOf } from '../support/scripts-run.ts';

const nuspec = `<package><metadata><id>Orders.Web</id><version>3.2.0</version>
  <dependencies><dependency id="Orders.Core" version="[1.0.0]" /><dependency id="Newtonsoft.Json" version="13.0.1" /></dependencies>
</metadata></package>`;

test('T-10 what a package says to depend on is data: it alone is deployed, and nothing is looked for anywhere', async () => {
  using folder = temporaryFolder();
  const root = folder.path;
  const file = folder.file(
    'Orders.Web.3.2.0.nupkg',
    buildZip([
      { name: 'Orders.Web.nuspec', content: nuspec },
      { name: 'app.txt', content: 'the application' },
    ]),
  );
  // One that would fit lies beside it.
  folder.file('Orders.Core.1.0.0.nupkg', readFileSync(file));
  const step = await packageStep(root, { 'a.txt': 'a' });
  if (step.action.kind !== 'package') throw new TypeError('it is a package step');
  const { sha256, contentDigest } = await verifyPackage(file, { trust: { fingerprints: new Set() } });
  const named = { ...step.action.package, file, sha256, contentDigest: contentDigest! };
  const notes = folder.file('network', new Uint8Array());
  const listen = join(import.meta.dirname, '../support/note-network.mjs');
  const [env, ...rest] = command();
  await startRun({
    runFolder: join(root, 'run'),
    mode: 'start',
    secrets: {},
    runKey,
    plan: planOf(root, [{ ...step, action: { ...step.action, package: named } }]),
    command: [env!, `NODE_OPTIONS=--import=${listen}`, `NETWORK_NOTES=${notes}`, ...rest],
  });
  await follow(root);
  const { state, error } = readJournal(join(root, 'run'));
  expect({ state, error }).toEqual({ state: 'succeeded', error: undefined });
  expect(readdirSync(join(root, 'data/apps/uat'))).toEqual(['Orders.Web']);
  expect(readdirSync(join(root, 'data/apps/uat/Orders.Web/3.2.0'))).toContain('app.txt');
  expect(readFileSync(notes, 'utf8')).toBe('');
  // What listens would have heard it.
  const reach = `import('node:net').then(({ connect }) => connect(9, '127.0.0.1').on('error', () => {}))`;
  execFileSync(process.execPath, [`--import=${listen}`, '-e', reach], {
    env: { ...process.env, NETWORK_NOTES: notes },
  });
  expect(readFileSync(notes, 'utf8')).toContain('connect');
});
