import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import type { DeploymentView } from '../../src/projections/index.ts';
import { makeRich } from '../cli/site/rich.ts';
import { hooks, makeVendor, secret, siteAt, takeIn, type Vendor } from '../cli/site/vendor.ts';
import { freshFolder, personAt, type Person } from '../cli/typed.ts';
import { filesHolding, secretForms } from '../support/secret-forms.ts';

// One release, deployed by the daemon of its vendor, by that of a customer, and by an installer at a site.
const root = freshFolder();
const env = 'production';
const gate = join(root, 'gate');
const forms = secretForms(secret);
const result = {
  environment: env,
  deployment: null,
  rating: 5,
  comment: `set ${secret} as told`,
  withLog: true,
  struck: [],
} as const;
let vendor: Vendor;
/** What each of them came to, and what it put where. */
const came: Record<string, { view: DeploymentView; data: string; target: string }> = {};
/** All that the installer said, and what was seen of processes while it ran. */
const said: string[] = [];
let seen = '';

const targetOf = (who: string): string => join(root, `srv-${who}`);

/** The daemon's way: inputs, then deploy. */
async function deploys(person: Person, who: string, release: string): Promise<void> {
  const target = targetOf(who);
  mkdirSync(target);
  await person.asks(`environment add ${env}`);
  await person.asks('input set Db.Password --secret', { input: secret });
  await person.asks('input set Target', { input: target });
  const view = await person.asks<DeploymentView>(['deploy', release, '--env', env, '--wait']);
  came[who] = { view, data: person.data, target };
}

beforeAll(async () => {
  vendor = await makeVendor(root);
  await vendor.invite('plant');
  await vendor.invite('contoso');
  await makeRich(vendor, { root, number: '3.2.0', gate, to: ['plant', 'contoso'] });
  await deploys(vendor, 'vendor', '3.2.0');

  const contoso = personAt(join(root, 'contoso'));
  await contoso.asks(['init', '--name', 'contoso', '--new-certificate', join(root, 'contoso.pfx')]);
  const { words } = await vendor.asks<{ words: string }>('identity show');
  const reply = join(root, 'reply.json');
  const accept = ['link', 'accept', join(root, 'contoso.json'), '--by-hand', '--out', reply];
  await contoso.asks([...accept, '--fingerprint', words]);
  await contoso.asks(['bundle', 'import', await vendor.bundle('contoso', '3.2.0')]);
  await deploys(contoso, 'customer', 'acme:Shop/3.2.0');

  const data = join(root, 'site');
  const target = targetOf('site');
  mkdirSync(target);
  await using site = await siteAt(data, { file: await vendor.bundle('plant', '3.2.0') });
  await takeIn(site);
  await site.keep(env, { 'Db.Password': secret, Target: target });
  execFileSync('mkfifo', [gate]);
  const told = hooks();
  const running = site.run(
    { kind: 'install', environment: env, again: false },
    {
      ...told,
      tell(line) {
        told.lines.push(line.text);
        if (!line.text.includes('| asks ')) return;
        seen = whatProcessesShow();
        void writeFile(gate, '\n');
      },
    },
  );
  const outcome = await running;
  said.push(...told.lines, JSON.stringify(outcome), JSON.stringify(await site.standing(env)));
  said.push(JSON.stringify(await site.previewResult(result)));
  const { file } = await site.writeResult(result, root);
  said.push(JSON.stringify(await vendor.asks(['bundle', 'import', file])));
  came['site'] = { view: outcome.document as DeploymentView, data, target };
});

/** Arguments and environments of all processes of this machine but this one. */
function whatProcessesShow(): string {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && name !== String(process.pid))
    .flatMap((pid) =>
      ['cmdline', 'environ'].map((what) => {
        try {
          return readFileSync(join('/proc', pid, what), 'latin1');
        } catch {
          // It has ended meanwhile, or is not ours to look into.
          return '';
        }
      }),
    )
    .join('\n');
}

/** A trace without what differs by place and time alone: paths of the data folder and the target, and moments. */
function traceOf(who: string): unknown {
  const { view, data, target } = came[who]!;
  const steps = view.steps.map((step) => ({ ...step, startedAt: null, endedAt: null }));
  const text = JSON.stringify({ state: view.state, steps });
  return JSON.parse(text.replaceAll(data, 'DATA').replaceAll(target, 'TARGET'));
}

/** Every file that was installed, with its content. */
function filesOf(who: string): Record<string, string> {
  const { data, target } = came[who]!;
  const all = [join(data, 'apps', env), target].flatMap((folder) =>
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => {
        const path = join(entry.parentPath, entry.name);
        return [`${folder === target ? 'target' : 'apps'}/${relative(folder, path)}`, path] as const;
      }),
  );
  return Object.fromEntries(
    all.map(([name, path]) => [
      name,
      readFileSync(path, 'latin1').replaceAll(data, 'DATA').replaceAll(target, 'TARGET'),
    ]),
  );
}

test('J2.11 the daemon of the vendor, that of a customer and an installer leave the same trace of a release', () => {
  expect(came['vendor']!.view).toMatchObject({ state: 'succeeded', release: '3.2.0' });
  const names = ['Stop', 'Database', 'Web', 'Warm up', 'Smoke test', 'Notify'];
  expect(came['vendor']!.view.steps.map(({ name }) => name)).toEqual(names);
  expect(Object.keys(came['site']!.view.steps[3]!.outputs)).toHaveLength(10);
  expect(traceOf('customer')).toEqual(traceOf('vendor'));
  expect(traceOf('site')).toEqual(traceOf('vendor'));
});

test('J2.11 they leave the same files', () => {
  const files = filesOf('vendor');
  expect(files['target/about.txt']).toBe('Shop 3.2.0 on 8080, #{kept}\n');
  expect(files['target/appsettings.json']).toContain('Shop 3.2.0');
  expect(files['apps/Shop.Db/3.2.0/Web.config']).toContain('"Extra"');
  expect(filesOf('customer')).toEqual(files);
  expect(filesOf('site')).toEqual(files);
});

test('J2.10 the secret stands nowhere but in the vault and where the process puts it: not in the log, the journal, the result or what was said', () => {
  const holding = [...filesHolding(join(root, 'site'), forms).keys()].map((path) =>
    relative(join(root, 'site'), path),
  );
  // The application's own configuration is where the process puts it.
  expect(holding).toEqual(['apps/production/Shop.Db/3.2.0/Web.config']);
  for (const [name, form] of forms) {
    expect(Buffer.from(said.join('\n')).includes(form), `said as ${name}`).toBe(false);
    expect(Buffer.from(seen, 'latin1').includes(form), `shown by a process as ${name}`).toBe(false);
  }
  expect(seen).toContain('__execute');
  // The vendor set the secret of its own test; the customer's report and the result are what it was told.
  expect(said.join('\n')).toContain('answers at http://localhost:8080/warm');
});
