import { chmodSync, cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { companyPfx } from '../support/certificates.ts';
import { personAt, type Person } from './typed.ts';

/** A vendor with a signed package, a process and an environment, made by its people's commands. */
export type Company = Person & {
  readonly root: string;
  readonly pfx: string;
  /** A copy of its data folder, for one test to change. */
  copy(name: string): Person;
};

/** A package of two files, and a process that extracts it and runs two scripts. */
export const processText = `process: Orders
local:
  publish-when: { deployed-to: [integration], tests: passed, verdict: ok }
inputs:
  Db: { label: Main database, help: As your DBA wrote it down, secret: true }
  Site.Port: { type: port, default: 8080 }
variables:
  Site.Title: "Orders #{Octopus.Release.Number}"
steps:
  - name: Hello
    run: { bash: "echo hello" }
  - name: Web
    package: Orders.Web
    features: { substitute-in-files: [settings.json] }
    scripts: { post-deploy: { bash: "exit #{Exit.Code}" } }
`.replace('variables:\n', 'variables:\n  Exit.Code: [{ value: 3, environments: [broken] }, { value: 0 }]\n');

export const junit =
  '<testsuite><testcase name="one"/><testcase name="two"><skipped/></testcase></testsuite>';

/** An instance alone. */
export async function makeInstance(root: string, name: string): Promise<Company> {
  const pfx = join(root, `${name}.pfx`);
  const person = personAt(join(root, name));
  writeFileSync(pfx, await companyPfx(name));
  await person.asks(['init', '--name', name, '--certificate', pfx]);
  return {
    ...person,
    root,
    pfx,
    copy(copied) {
      const data = join(root, copied);
      cpSync(person.data, data, { recursive: true });
      for (const folder of [data, join(data, 'keys')]) chmodSync(folder, 0o700);
      return personAt(data);
    },
  };
}

/** Packs and signs a version of the application; where the signed file is. */
export async function signedPackage(company: Company, version: string, title = 'Orders'): Promise<string> {
  const folder = join(company.root, `app-${version}-${title}`);
  mkdirSync(folder);
  writeFileSync(join(folder, 'settings.json'), `{"title":"${title} #{Site.Title}","port":#{Site.Port}}`);
  mkdirSync(join(folder, 'results'));
  writeFileSync(join(folder, 'results', 'TestResult.xml'), junit);
  const file = join(company.root, `packages-${title}`, `Orders.Web.${version}.nupkg`);
  mkdirSync(dirname(file), { recursive: true });
  await company.asks(['package', 'pack', folder, '--id', 'Orders.Web', '--version', version, '--out', file]);
  await company.asks(['package', 'sign', file, '--certificate', company.pfx]);
  return file;
}

/** A vendor that is ready to deploy release 1.0.0. */
export async function makeVendor(root: string): Promise<Company> {
  const company = await makeInstance(root, 'acme');
  const file = join(root, 'orders.yaml');
  writeFileSync(file, processText);
  await company.asks(['package', 'add', await signedPackage(company, '1.0.0')]);
  await company.asks('environment add integration');
  await company.asks('environment add broken');
  await company.asks(['process', 'publish', file]);
  await company.asks('release create Orders 1.0.0 --package Orders.Web@1.0.0');
  return company;
}
