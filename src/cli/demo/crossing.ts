import { appendFileSync, cpSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { together, type Company } from './company.ts';
import { filesHolding } from './files-below.ts';
import { freePorts, stopSite, titleAt, type Site } from './site.ts';
import { companyOn, toTheEnd, type Ending, type Stage } from './stage.ts';
import { StoryError } from './story-error.ts';
import type { Way } from './way.ts';

const secret = 'Server=db.contoso.example;User=orders;Password=violet-Harbour-4711';

/** What a status page's JSON tells, as far as the story looks. */
type Offer = { release: string; packages: { held: boolean }[]; state: string };
type Fleet = {
  environment: string | null;
  release: string | null;
  state: string;
  lastAttempt: { release: string } | null;
};

/** The crossing: a release is made, tested, published, crosses to the customer, runs there, fails, goes back. */
export async function tellCrossing(
  stage: Stage,
  wayThrough: (place: { readonly folder: string; readonly port: number }) => Way,
): Promise<Ending> {
  const { folder, material, narrator } = stage;
  const ports = await freePorts(7);
  const build = join(folder, 'build');
  mkdirSync(build);
  const way = wayThrough({ folder, port: ports[6]! });
  cpSync(material, build, { recursive: true });
  const acme = companyOn(stage, 'acme', ports[0]!);
  const contoso = companyOn(stage, 'contoso', ports[1]!);
  const site = (environment: string, port: number): EnvironmentSite => ({
    environment,
    port,
    folder: join(folder, 'sites', environment),
  });
  const sites = {
    integration: site('integration', ports[2]!),
    qa: site('qa', ports[3]!),
    uat: site('uat', ports[4]!),
    production: site('production', ports[5]!),
  };
  const ending: Ending = {
    pages: [acme, contoso].map(({ name, page }) => ({ name, url: page })),
    async [Symbol.asyncDispose]() {
      await Promise.all([acme.stopDaemon(), contoso.stopDaemon()]);
      await way[Symbol.asyncDispose]();
      for (const one of Object.values(sites)) stopSite(one);
    },
  };
  return toTheEnd(tell, ending);

  async function tell(): Promise<void> {
    narrator.say('Two companies, a vendor and its customer, each with an instance and a daemon of its own:');
    await together(
      [acme, contoso].map((one) => [
        one,
        `init --name ${one.name} --new-certificate ${one.name}-company.pfx`,
      ]),
    );
    // A local folder doesn't announce every change; looking each second keeps the story short.
    for (const { data } of [acme, contoso])
      appendFileSync(join(data, 'crossgap.toml'), '\n[sync]\nlook-every = 1\n');
    await Promise.all([acme.startDaemon(), contoso.startDaemon()]);
    for (const { name, page } of [acme, contoso]) narrator.say(`${name}'s status page: ${page}`);

    narrator.point(1, 'acme builds, signs and adds a package');
    await pack('1.0.0', ['app']);
    await acme.types('package add Orders.Web.1.0.0.nupkg');

    narrator.point(2, 'acme makes release 1.0.0 and tests it');
    await acme.types('environment add integration');
    await acme.types('environment add qa --after integration --tag test');
    await acme.types('process publish orders.yaml');
    await acme.types('release create Orders 1.0.0 --package Orders.Web@1.0.0 --notes notes-1.0.0.md');
    await together([...places(acme, [sites.integration, sites.qa])]);
    await together(
      ['integration', 'qa'].map((environment) => [
        acme,
        `input set ConnectionStrings.Main --env ${environment} --secret`,
        { input: 'integrated-only-here' },
      ]),
    );
    await acme.types('deploy 1.0.0 --env integration --wait');
    await together([
      [acme, 'tests import 1.0.0 test-results.xml'],
      [acme, 'deploy 1.0.0 --env qa --wait'],
    ]);

    narrator.point(3, `contoso and acme pair, and the release crosses ${way.crosses}`);
    await acme.types(`link invite contoso ${way.invite} --out invitation.json`);
    const words = { acme: await fingerprint(acme), contoso: await fingerprint(contoso) };
    narrator.say('They compare the six words by phone.');
    await contoso.types(
      `link accept invitation.json${way.accept} --fingerprint "${words.acme}" --out reply.json`,
    );
    await acme.types(`link confirm reply.json --fingerprint "${words.contoso}"`);
    await way.open(acme);
    narrator.say('Publishing before QA has given its verdict is refused:');
    await acme.types('release publish 1.0.0 --to contoso', { expect: 3 });
    await acme.types('release verdict 1.0.0 --ok --note "all cases of the test plan passed"');
    await acme.types('release publish 1.0.0 --to contoso');
    await held(contoso, '1.0.0');

    narrator.point(4, 'contoso looks, is told what is missing, and deploys the same steps');
    await contoso.types('environment add uat --tag test');
    await contoso.types('environment add production --after uat');
    await contoso.types('inbox');
    await together([...places(contoso, [sites.uat, sites.production])]);
    narrator.say('Only contoso knows the password of its database, and nobody has typed it yet:');
    await contoso.types('deploy 1.0.0 --env uat --wait', { expect: 5 });
    await contoso.types('input set ConnectionStrings.Main --secret', { input: secret });
    await contoso.types('deploy 1.0.0 --env uat --wait');
    await contoso.types('deploy 1.0.0 --env production --wait');
    narrator.say(`The application's own page at contoso says: ${await titleAt(sites.production)}`);
    requireSecretOnlyIn(sites);
    narrator.say(
      "The secret is in the configuration of the application on contoso's disk, and nowhere else.",
    );

    narrator.point(5, "acme's fleet page knows");
    await reported('1.0.0', 'succeeded', '1.0.0');
    await acme.types('fleet');

    narrator.point(6, 'release 1.1.0 fails at contoso and is rolled back');
    await ship('1.1.0', ['app', 'app-1.1.0']);
    await contoso.types('deploy 1.1.0 --env uat --wait');
    await contoso.types('deploy 1.1.0 --env production --wait', { expect: 6 });
    await reported('1.1.0', 'failed', '1.0.0');
    await acme.types('fleet');
    await contoso.types('rollback Orders --env production --wait');
    narrator.say(`The application's own page at contoso says: ${await titleAt(sites.production)}`);
    await reported('1.0.0', 'succeeded', '1.0.0');
    await acme.types('fleet');

    narrator.point(7, 'one byte of a package is changed on the way');
    await contoso.stopDaemon();
    await ship('1.2.0', ['app', 'app-1.2.0'], false);
    const part = 'page.html';
    await acme.eventually('the package is on its way', () => way.lies(part));
    await acme.stopDaemon();
    await way.changeOneByte(part);
    narrator.say(`Somebody between the two changes one byte of ${part} and mends every checksum they can.`);
    await contoso.startDaemon();
    await contoso.eventually('the changed package was refused', async () => {
      const status = await contoso.look<{ warnings: { code: string }[] }>('api/status.json');
      return status?.warnings.some(({ code }) => code === 'BLOB_REFUSED') === true;
    });
    await contoso.types('deploy 1.2.0 --env uat --wait', { expect: 4 });
    narrator.say('acme is told that it came damaged, and sends it again:');
    await acme.startDaemon();
    await held(contoso, '1.2.0');
    await contoso.types('deploy 1.2.0 --env uat --wait');

    narrator.point(8, 'both sides can prove the whole history');
    await Promise.all([settled(acme), settled(contoso)]);
    const [ours, theirs] = await together([
      [acme, 'log verify --full'],
      [contoso, 'log verify --full'],
    ]);
    requireSameHeads(ours!.stdout, theirs!.stdout);
    narrator.say('Both print the same heads for the feeds they share.');
  }

  async function pack(version: string, sources: readonly string[]): Promise<void> {
    const place = join(build, `Orders.Web-${version}`);
    for (const source of sources) cpSync(join(build, source), place, { recursive: true });
    await acme.types(
      `package pack Orders.Web-${version} --id Orders.Web --version ${version} --out unsigned-${version}.nupkg`,
    );
    await acme.types(
      `package sign unsigned-${version}.nupkg --certificate acme-company.pfx --out Orders.Web.${version}.nupkg`,
    );
  }

  /** The whole way of a release at acme, to the offer at contoso. */
  async function ship(version: string, sources: readonly string[], wait = true): Promise<void> {
    await pack(version, sources);
    await acme.types(`package add Orders.Web.${version}.nupkg`);
    await acme.types(`release create Orders ${version} --package Orders.Web@${version}`);
    await acme.types(`deploy ${version} --env integration --wait`);
    await together([
      [acme, `tests import ${version} test-results.xml`],
      [acme, `deploy ${version} --env qa --wait`],
    ]);
    await acme.types(`release verdict ${version} --ok`);
    await acme.types(`release publish ${version} --to contoso`);
    if (wait) await held(contoso, version);
  }

  async function held(at: Company, release: string): Promise<void> {
    await at.eventually(`release ${release} has come, whole`, async () => {
      const offers = (await at.look<Offer[]>('api/offers.json')) ?? [];
      return offers.some((offer) => offer.release === release && offer.packages.every((one) => one.held));
    });
  }

  /** Waits until acme knows of the last attempt in contoso's production, and what runs there. */
  async function reported(attempt: string, state: string, runs: string): Promise<void> {
    await acme.eventually(`contoso reported ${attempt} ${state}`, async () => {
      const fleet = (await acme.look<Fleet[]>('api/fleet.json')) ?? [];
      const row = fleet.find(({ environment }) => environment === 'production');
      return row?.lastAttempt?.release === attempt && row.state === state && row.release === runs;
    });
  }

  async function fingerprint(at: Company): Promise<string> {
    const status = (await at.look<{ instance: { fingerprint: string } }>('api/status.json'))!;
    return status.instance.fingerprint;
  }

  /** Waits until the other side has said that it holds everything of this one. */
  async function settled(at: Company): Promise<void> {
    await at.eventually('everything was receipted', async () => {
      const status = await at.look<{ links: { unconfirmedEntries: number }[] }>('api/status.json');
      return status?.links.every(({ unconfirmedEntries }) => unconfirmedEntries === 0) === true;
    });
  }

  function requireSecretOnlyIn({ uat, production }: typeof sites): void {
    const wanted = [uat, production].map((one) => join(one.folder, 'Web.config'));
    const found = filesHolding(folder, secret).filter((file) => !file.startsWith(join(contoso.data, 'apps')));
    const wrong = found.filter((file) => !wanted.includes(file));
    if (wrong.length > 0 || found.length !== wanted.length) {
      throw new StoryError(`the secret stands in ${found.join(', ') || 'no file'}`);
    }
  }
}

/** What somebody types so that the application knows its port and its folder in each of these environments. */
function* places(
  at: Company,
  sites: readonly EnvironmentSite[],
): Generator<[Company, string, { input: string }]> {
  for (const { environment, port, folder } of sites) {
    yield [at, `input set Site.Port --env ${environment}`, { input: String(port) }];
    yield [at, `input set Site.Folder --env ${environment}`, { input: folder }];
  }
}

/** Where the application runs in one environment. */
type EnvironmentSite = Site & { readonly environment: string };

function requireSameHeads(ours: string, theirs: string): void {
  const heads = (text: string): Set<string> => new Set(text.match(/\b[0-9a-f]{64}\b/g));
  const shared = [...heads(ours)].filter((head) => heads(theirs).has(head));
  if (shared.length < 2) throw new StoryError('the heads of the shared feeds differ');
}
