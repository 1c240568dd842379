import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../../support/build-nupkg.ts';
import { follow, start } from '../../support/scripts-killed.ts';
import { packageStep, planOf } from '../../support/scripts-run.ts';

test.each(['executor.rewrite.before', 'executor.rewrite.after'])(
  'J1.F8 killed at %s of IIS’ file, the run knows its own work again',
  async (fault) => {
    using folder = temporaryFolder();
    const file = join(folder.path, 'applicationHost.config');
    const directory = (path: string): string =>
      `<application path="/"><virtualDirectory path="/" physicalPath="${path}"/></application>`;
    const config = (path: string): string =>
      `<configuration><system.applicationHost><sites><site name="Orders">${directory(path)}</site></sites></system.applicationHost></configuration>`;
    writeFileSync(file, config('C:\\old'));
    const properties = {
      'Crossgap.Action.IIS.ConfigurationFile': file,
      'Octopus.Action.Package.UpdateIisWebsite': 'True',
      'Octopus.Action.Package.UpdateIisWebsiteName': 'Orders',
    };
    const step = await packageStep(folder.path, { 'Web.config': '<x/>' }, { step: { properties } });
    await start(folder.path, planOf(folder.path, [step]), fault);
    await follow(folder.path);
    await start(folder.path, undefined);
    const facts = await follow(folder.path);
    expect(facts.at(-1)).toMatchObject({ kind: 'run-ended', state: 'succeeded' });
    expect(facts.findLast((fact) => fact.kind === 'convention-ended' && fact.key === '12')).toMatchObject({
      state: 'done',
      files: [file],
    });
    const home = join(folder.path, 'data/apps/uat/Orders.Web/3.2.0');
    expect(readFileSync(file, 'utf8')).toBe(config(home));
  },
);
