import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packNupkg } from '../src/packages/index.ts';
import type { Measured, Measurement } from './measurement.ts';
import { milliseconds } from './measured.ts';
import { crossgap } from './scale-process.ts';

const turns = 7;
const transformCount = 10;
const scripts = ['PreDeploy', 'Deploy', 'PostDeploy'];

export const measurement: Measurement = {
  what: 'a package is deployed with placeholders, transforms, configuration and JSON variables and three Bash scripts',
  baseline: '`unzip` of the package and `bash` with each script, one process after the other',
  how: '`crossgap try deploy` as a process of its own, from its start to its end, ours and the baseline by turns; the median counts.',
  unit: 'bytes',
  sizes: [1_000_000],
  prepare: async (folder, size) => {
    const keys = Array.from({ length: 200 }, (_, n) => `    <add key="Setting.${n}" value="old" />`);
    const config = [
      '<configuration>',
      '  <appSettings>',
      ...keys,
      '  </appSettings>',
      '</configuration>',
      '',
    ];
    const changes = Array.from(
      { length: transformCount },
      (_, n) =>
        `    <add key="Setting.${n}" value="new" xdt:Transform="SetAttributes" xdt:Locator="Match(key)" />`,
    );
    const transform = [
      '<configuration xmlns:xdt="http://schemas.microsoft.com/XML-Document-Transform">',
      '  <appSettings>',
      ...changes,
      '  </appSettings>',
      '</configuration>',
      '',
    ];
    const texts: Record<string, string> = {
      'Web.config': config.join('\n'),
      'Web.Release.config': transform.join('\n'),
      'settings.json': '{ "title": "#{Title}", "environment": "#{Octopus.Environment.Name}" }\n',
      'appsettings.json': '{ "Db": { "Port": 1, "Host": "nowhere" } }\n',
      ...Object.fromEntries(scripts.map((name) => [`${name}.sh`, `echo "${name} in $PWD"\n`])),
    };
    const files = Object.entries(texts).map(([path, text]) => ({ path, bytes: Buffer.from(text) }));
    files.push({ path: 'content.bin', bytes: randomBytes(size) });
    await packNupkg({ id: 'Orders.Web', version: '1.0.0', files, outFile: join(folder, 'web.nupkg') });
    writeFileSync(join(folder, 'orders.yaml'), processFile);
    for (const name of scripts) writeFileSync(join(folder, `${name}.sh`), texts[`${name}.sh`]!);
  },
  measure: async (folder) => {
    const times = { ours: [] as number[], theirs: [] as number[] };
    let peak = 0;
    for (let turn = 0; turn < turns; turn += 1) {
      const apps = mkdtempSync(join(folder, 'apps-'));
      const file = join(folder, 'web.nupkg');
      const typed = ['try', 'deploy', join(folder, 'orders.yaml'), '--package', file, '--env', 'uat'];
      const ran = await crossgap(join(folder, 'none'), ...typed, '--allow-unsigned', '--apps', apps);
      times.ours.push(ran.ms);
      peak = Math.max(peak, ran.peakMiB);
      times.theirs.push(await milliseconds(() => bare(folder)));
    }
    const figure = { unit: 'ms', ours: median(times.ours), baseline: median(times.theirs), goal: '≤ 600 ms' };
    return { figures: [figure], peakMiB: { '': peak }, timeIn: [] } satisfies Measured;
  },
};

const processFile = `process: Orders
variables:
  Title: "Orders #{Octopus.Release.Number}"
  Setting.50: fifty
  Db:Port: "5432"
steps:
  - name: Web
    package: Orders.Web
    features:
      substitute-in-files: [settings.json]
      config-transforms: true
      config-variables: true
      structured-variables: [appsettings.json]
`;

/** What any deployment does at the least. */
function bare(folder: string): void {
  const to = mkdtempSync(join(folder, 'bare-'));
  mkdirSync(join(to, 'app'));
  execFileSync('unzip', ['-q', join(folder, 'web.nupkg'), '-d', join(to, 'app')]);
  for (const name of scripts) execFileSync('bash', [join(folder, `${name}.sh`)], { cwd: to });
}

function median(times: readonly number[]): number {
  return times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)]!;
}
