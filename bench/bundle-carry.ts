import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { makeLargeRelease } from './large-release.ts';
import { milliseconds } from './measured.ts';
import type { Measured, Measurement } from './measurement.ts';
import { crossgap, type Ran } from './scale-process.ts';

export const measurement: Measurement = {
  what: 'a release with one large package goes to a customer on a stick, sealed, and the receipt comes back',
  baseline: '`sha256sum` of the files on the stick',
  how: '`bundle export` and `bundle import` as processes of their own; the content is random, so that nothing shrinks it',
  unit: 'bytes',
  sizes: [1_000_000_000],
  prepare,
  measure,
};

async function prepare(folder: string, bytes: number): Promise<void> {
  const [vendor, customer] = [join(folder, 'vendor'), join(folder, 'customer')];
  for (const data of [vendor, customer])
    await crossgap(
      data,
      'init',
      '--name',
      data === vendor ? 'acme' : 'contoso',
      '--new-certificate',
      `${data}.pfx`,
    );
  const [invitation, reply] = [join(folder, 'invitation.json'), join(folder, 'reply.json')];
  const told = <T>({ stdout }: Ran): T => JSON.parse(stdout) as T;
  const { words } = told<{ words: string }>(
    await crossgap(vendor, 'link', 'invite', 'contoso', '--out', invitation, '--json'),
  );
  const accept = ['link', 'accept', invitation, '--fingerprint', words, '--out', reply, '--json'];
  const { ourWords } = told<{ ourWords: string }>(await crossgap(customer, ...accept));
  await crossgap(vendor, 'link', 'confirm', reply, '--fingerprint', ourWords);

  await makeLargeRelease(folder, vendor, bytes);
  await crossgap(vendor, 'release', 'publish', '1.0.0', '--to', 'contoso');
}

async function measure(folder: string): Promise<Measured> {
  const [vendor, customer, stick] = ['vendor', 'customer', 'stick'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  mkdirSync(stick);
  const exported = await crossgap(vendor, 'bundle', 'export', '--to', 'contoso', '--out', stick);
  const files = readdirSync(stick, { recursive: true, encoding: 'utf8' })
    .map((name) => join(stick, name))
    .filter((path) => statSync(path).isFile());
  const bytes = files.reduce((sum, path) => sum + statSync(path).size, 0);
  const bareMs = await milliseconds(() => execFileSync('sha256sum', files));
  const inspected = await crossgap(customer, 'bundle', 'inspect', stick);
  const imported = await crossgap(customer, 'bundle', 'import', stick);
  const bareAgainMs = await milliseconds(() => execFileSync('sha256sum', files));
  const speed = (ms: number): number => bytes / 1e3 / ms;
  return {
    figures: [
      { name: 'export', unit: 'MB/s', ours: speed(exported.ms), baseline: speed(bareMs), goal: '≥ 0.4 ×' },
      {
        name: 'import',
        unit: 'MB/s',
        ours: speed(imported.ms),
        baseline: speed(bareAgainMs),
        goal: '≥ 0.4 ×',
      },
      { name: 'inspect', unit: 'MB/s', ours: speed(inspected.ms), baseline: speed(bareMs) },
    ],
    // The goal for each is 150 MB, whatever the size.
    peakMiB: { export: exported.peakMiB, import: imported.peakMiB, inspect: inspected.peakMiB },
    timeIn: [],
  };
}
