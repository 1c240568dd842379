import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../../../src/clock.ts';
import { openSite, type SiteOptions } from '../../../src/cli/site/index.ts';
import type { FileSite, Maker, Release, RunHooks } from '../../../src/guide/index.ts';
import { packNupkg, signPackage } from '../../../src/packages/index.ts';
import { companyOf, makeInstance } from '../../support/instances.ts';
import { personAt, type Person } from '../typed.ts';

export const secret = 'tr0ub4dor&3 "größer" <als>/vorher';

/** A script that ends the executor of the site whose data folder `file` names, once: as a power cut would. */
export const endsExecutor = (file: string): string =>
  `if [ -e '${file}' ]; then data=$(cat '${file}'); rm '${file}'; kill -9 $(cat "$data"/runs/*/lock.holder | grep -o '"pid":[0-9]*' | cut -d: -f2); fi`;

/** A process of three steps; each script leaves a line in `marks`. `more` goes to the deploy script, `last` is one step more. */
export const processText = (marks: string, more = 'true', last = ''): string => `process: Orders
inputs:
  Db.Password: { label: Main database, help: As your DBA wrote it down, secret: true }
  Site.Port: { type: port, default: 8080 }
  Smtp.Host: { required: false }
variables:
  Title: "Orders #{Octopus.Release.Number} in #{Octopus.Environment.Name}"
steps:
  - name: Stop
    run: { bash: "echo stop >> '${marks}'" }
  - name: Web
    package: Orders.Web
    features: { substitute-in-files: ["**/*.json"] }
    scripts:
      deploy: { bash: ${JSON.stringify(`echo deploy >> '${marks}'; ${more}`)} }
  - name: Start
    run: { bash: "echo start >> '${marks}'" }
${last}uninstall:
  - name: Take away
    run: { bash: "echo gone >> '${marks}'" }
`;

/** A vendor with an instance, who makes releases for sites that nobody has met. */
export type Vendor = Person & {
  readonly root: string;
  readonly marks: string;
  /** Builds a release of one package and publishes it to a site. */
  release(
    number: string,
    wish?: { readonly to?: readonly string[]; readonly more?: string; readonly last?: string },
  ): Promise<void>;
  invite(site: string): Promise<void>;
  /** A bundle for a site, as a folder. */
  bundle(site: string, release: string): Promise<string>;
};

export async function makeVendor(root: string): Promise<Vendor> {
  const instance = await makeInstance(root, 'acme', systemClock);
  instance.close();
  const person = personAt(join(root, 'acme'));
  const marks = join(root, 'marks');
  writeFileSync(marks, '');
  let bundles = 0;
  return {
    ...person,
    root,
    marks,
    async invite(site) {
      await person.asks(['link', 'invite', site, '--by-hand', '--out', join(root, `${site}.json`)]);
    },
    async release(number, { to = ['plant'], more = 'true', last = '' } = {}) {
      const file = join(root, `Orders.Web.${number}.nupkg`);
      const settings = Buffer.from('{"title":"#{Title}","port":"#{Site.Port}"}\n');
      const files = [{ path: 'settings.json', bytes: settings }];
      await packNupkg({ id: 'Orders.Web', version: number, files, outFile: file });
      await signPackage(file, file, companyOf('acme'), { hash: 'sha256' });
      const process = join(root, `orders-${number}.yaml`);
      writeFileSync(process, processText(marks, more, last));
      await person.asks(['package', 'add', file]);
      await person.asks(['process', 'publish', process]);
      await person.asks(['release', 'create', 'Orders', number, '--package', `Orders.Web@${number}`]);
      if (to.length > 0) await person.asks(['release', 'publish', number, '--to', ...to]);
    },
    async bundle(site, release) {
      bundles += 1;
      const out = join(root, `bundle-${bundles}`);
      mkdirSync(out);
      await person.asks(['bundle', 'export', '--to', site, '--release', release, '--out', out]);
      return out;
    },
  };
}

/** A site at a data folder, as far as a test needs to say what it is. */
export function siteAt(
  data: string,
  options: Omit<SiteOptions, 'data' | 'signal'> & { readonly signal?: AbortSignal },
): Promise<FileSite> {
  return openSite({ name: 'plant', signal: new AbortController().signal, ...options, data });
}

/** Verifies and believes what was carried, and takes it in, as a person does who compared the words. */
export async function takeIn(site: FileSite): Promise<{ readonly maker: Maker; readonly release: Release }> {
  const maker = await site.verify(() => {});
  if (!maker.believed) await site.believe({ words: maker.words });
  return { maker, release: await site.takeIn(() => {}) };
}

/** What a run tells, kept; it is not ended. */
export function hooks(): RunHooks & { readonly lines: string[] } {
  const lines: string[] = [];
  return {
    signal: new AbortController().signal,
    tell: ({ text }) => lines.push(text),
    progress: () => {},
    lines,
  };
}
