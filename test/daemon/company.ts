import { createHash, randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  addEnvironment,
  addPackage,
  createRelease,
  publishProcess,
  requestDeployment,
  setInput,
  type DeploymentIntent,
} from '../../src/commands/index.ts';
import { runDaemon, type DaemonSummary } from '../../src/daemon/index.ts';
import type { CompanyCertificate } from '../../src/identity/index.ts';
import { deployable, placeOf, type Instance } from '../../src/instance/index.ts';
import { silentLog } from '../../src/log.ts';
import { packNupkg, signPackage } from '../../src/packages/index.ts';
import { readProcessFile, reviseProcess } from '../../src/process/index.ts';
import {
  findPackage,
  readEnvironments,
  readInputs,
  readReleases,
  readRevisions,
  type ReleaseRow,
} from '../../src/projections/index.ts';
import { namesIn } from '../../src/variables/index.ts';
import { memoryFolder } from '../support/build-nupkg.ts';
import { companyOf, offer, type Pair } from '../support/instances.ts';

export const password = 'hunter2-and-more';

/** A process of a script and a package that is substituted; `marks` gets a line each time a script runs. */
export const processText = (marks: string, deploy = 'true'): string => `
process: Orders
inputs:
  Db.Password: { secret: true }
  Site.Port: { type: port, default: 8080 }
variables:
  Title: "Orders #{Octopus.Release.Number} in #{Octopus.Environment.Name}"
steps:
  - name: Stop
    run: { bash: "echo stop >> '${marks}'" }
  - name: Web
    package: Orders.Web
    features: { substitute-in-files: ["**/*.json"] }
    scripts: { deploy: { bash: ${JSON.stringify(`echo deploy >> '${marks}'; ${deploy}`)} } }
  - name: Start
    run: { bash: "echo start >> '${marks}'" }
`;

const application = '{"title":"#{Title}","port":"#{Site.Port}","password":"#{Db.Password}"}\n';

export type Wish = {
  readonly marks: string;
  readonly deploy?: string;
  /** Who signs the package, where it is not the company itself. */
  readonly signer?: CompanyCertificate;
  /** What is in the application's configuration, where it is to differ. */
  readonly content?: string;
};

/** What a build does: packs, signs, adds, publishes the process, freezes the release. */
export async function buildRelease(vendor: Instance, number: string, wish: Wish): Promise<ReleaseRow> {
  const { name, document, digest, local } = reviseProcess(
    readProcessFile({
      path: 'orders.yaml',
      text: processText(wish.marks, wish.deploy),
      readScript: () => '',
      namesIn,
    }),
  );
  await vendor.blobs.putBytes(document);
  vendor.record((db) => {
    const latest = readRevisions(db).findLast(({ process }) => process === name);
    const { deployedTo, testsPassed, testTypes, verdictOk } = local.publishWhen;
    const publishWhen = {
      deployedTo: [...deployedTo],
      testsPassed,
      testTypes: [...testTypes],
      verdictOk,
    };
    const intent = {
      process: name,
      digest,
      sizeBytes: document.length,
      local: { publishWhen, variables: [] },
    };
    return publishProcess(latest, intent).decision;
  });
  await addSignedPackage(vendor, number, wish.signer ?? companyOf('acme'), wish.content ?? application);
  const { pin } = findPackage(vendor.db, '', 'Orders.Web', number)!;
  vendor.record((db) => {
    const revision = readRevisions(db).findLast(({ process }) => process === name)!;
    return createRelease(undefined, {
      process: name,
      number,
      revision: { number: revision.revision, digest, sizeBytes: document.length },
      packages: [pin],
      needed: ['Orders.Web'],
      notes: null,
      inputs: [
        { ...bare('Db.Password'), secret: true },
        { ...bare('Site.Port'), type: 'port', default: '8080' },
      ],
      createdAt: new Date(vendor.clock.now()).toISOString(),
    }).decision;
  });
  return readReleases(vendor.db, number).find(({ link }) => link === '')!;
}

const bare = (name: string) => ({
  name,
  label: null,
  help: null,
  type: 'text',
  choices: [],
  default: null,
  required: true,
  secret: false,
});

async function addSignedPackage(
  vendor: Instance,
  number: string,
  signer: CompanyCertificate,
  content: string,
): Promise<void> {
  using folder = memoryFolder();
  const file = folder.file('Orders.Web.nupkg');
  const bytes = Buffer.from(content);
  const identity = { id: 'Orders.Web', version: number };
  // Does not compress, so that there is something in the package to change.
  const filler = Buffer.concat(
    Array.from({ length: 100 }, (_, at) => createHash('sha256').update(`${at}`).digest()),
  );
  await packNupkg({
    ...identity,
    outFile: file,
    files: [
      { path: 'app.json', bytes },
      { path: 'lib/filler.bin', bytes: filler },
    ],
  });
  const report = await signPackage(file, file, signer, { hash: 'sha256', now: new Date(vendor.clock.now()) });
  const { digest, sizeBytes } = await vendor.blobs.putFile(file);
  const pin = { ...identity, sha256: digest, contentDigest: report.contentDigest!, sizeBytes };
  vendor.record(() => addPackage([], { pin, signer: report.signature!.signer!, link: null }));
}

/** Builds a release and offers it to the customer. */
export async function publish(pair: Pair, number: string, wish: Wish): Promise<ReleaseRow> {
  pair.clock.advance(60_000);
  const release = await buildRelease(pair.vendor, number, wish);
  offer(pair.vendor, release, [pair.link]);
  return release;
}

export const never = new AbortController().signal;

export function once(instance: Instance): Promise<DaemonSummary> {
  return runDaemon(instance, { once: true, log: silentLog(), signal: never });
}

/** Runs both daemons in turn until neither moves anything; what was refused on the way. */
export async function converge({ vendor, customer }: Pair): Promise<string[]> {
  const refused: string[] = [];
  for (let round = 0; round < 12; round += 1) {
    const done = [...(await once(vendor)).exchanged, ...(await once(customer)).exchanged];
    refused.push(...done.flatMap((one) => one.refused));
    if (done.every(({ sent, received }) => sent + received === 0)) return refused;
  }
  throw new Error('both sides still move something after 12 rounds');
}

export function offered({ customer, link }: Pair, number: string): ReleaseRow {
  return readReleases(customer.db, number).find((row) => row.link === link)!;
}

/** What a customer does once: its environments, and the secret that nobody else knows. */
export function furnish({ customer, link }: Pair): void {
  for (const [name, after] of [
    ['uat', []],
    ['production', ['uat']],
  ] as const)
    customer.record((db) => addEnvironment(readEnvironments(db), { name, after: [...after], tags: [] }));
  setPassword({ customer, link }, password);
}

export function setPassword({ customer, link }: Pick<Pair, 'customer' | 'link'>, value: string): void {
  customer.record((db) => {
    const known = readInputs(db).find(({ name }) => name === 'Db.Password');
    const intent = { name: 'Db.Password', environment: null, secret: true, value: null };
    const { decision, version } = setInput(known, intent, [link]);
    customer.vault.keep({ name: 'Db.Password', environment: null, version }, value);
    return decision;
  });
}

/** Asks for a deployment as the command line does; gives back its id. */
export function deploy(
  instance: Instance,
  release: ReleaseRow,
  environment: string,
  reason: DeploymentIntent['reason'] = 'deploy',
): string {
  const deployment = randomUUID();
  instance.record((db) => {
    const facts = deployable(db, release, environment, (digest) => instance.holds(digest));
    const place = placeOf(db, release.process, release.link, environment);
    return requestDeployment(facts, place, { deployment, reason, of: null }).decision;
  });
  return deployment;
}

/** All files below a folder. */
export function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

/** Which files below a folder hold a text. */
export function filesWith(folder: string, text: string): string[] {
  return filesBelow(folder).filter((path) => readFileSync(path).includes(text));
}

/** The installed application's configuration in an environment. */
export function configurationIn({ folder }: Instance, environment: string): string[] {
  return filesBelow(folder.environmentApps(environment))
    .filter((path) => path.endsWith('app.json'))
    .map((path) => readFileSync(path, 'utf8'));
}
