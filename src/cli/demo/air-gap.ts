import { randomBytes } from 'node:crypto';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePorts, stopSite, titleAt, type Site } from './site.ts';
import { together, type Company } from './company.ts';
import { companyOn, toTheEnd, type Ending, type Stage } from './stage.ts';
import { StoryError } from './story-error.ts';

/** So small that the package of the demo makes several parts. */
const partSize = '32KiB';

const secret = 'Server=db.bankair.example;User=orders;Password=amber-Lantern-2209';

/** What the fleet page's JSON tells, as far as the story looks. */
type Fleet = { customer: string; environment: string | null; release: string | null };

/**
 * The air gap: a release goes to a plant that no line leads to, by a courier and a jump host that can read nothing of
 * it, and what became of it comes back the same way.
 */
export async function tellAirGap(stage: Stage): Promise<Ending> {
  const { folder, material, narrator } = stage;
  const ports = await freePorts(4);
  const build = join(folder, 'build');
  cpSync(material, build, { recursive: true });
  const acme = companyOn(stage, 'acme', ports[0]!);
  const dmz = companyOn(stage, 'bankair-dmz', ports[1]!);
  const plant = companyOn(stage, 'bankair', ports[2]!);
  const site: Site = { port: ports[3]!, folder: join(folder, 'site') };
  const media = (name: string): string => {
    const path = join(folder, 'media', name);
    mkdirSync(path, { recursive: true });
    return path;
  };
  const ending: Ending = {
    pages: [acme, plant].map(({ name, page }) => ({ name, url: page })),
    async [Symbol.asyncDispose]() {
      await Promise.all([acme.stopDaemon(), plant.stopDaemon()]);
      stopSite(site);
    },
  };
  return toTheEnd(tell, ending);

  async function tell(): Promise<void> {
    narrator.say('A vendor, a plant that no line leads to, and the jump host in front of it:');
    await together(
      [acme, dmz, plant].map((one) => [
        one,
        `init --name ${one.name} --new-certificate ${one.name}-company.pfx`,
      ]),
    );
    await Promise.all([acme.startDaemon(), plant.startDaemon()]);
    for (const { name, page } of [acme, plant]) narrator.say(`${name}'s status page: ${page}`);
    const words = { acme: await fingerprint(acme), plant: await fingerprint(plant) };

    narrator.point(1, 'acme and bankair pair by hand');
    await acme.types('link invite bankair --by-hand --out invitation.json');
    narrator.say('The invitation goes by post; they compare the six words by phone.');
    await plant.types(`link accept invitation.json --by-hand --fingerprint "${words.acme}" --out reply.json`);
    await acme.types(`link confirm reply.json --fingerprint "${words.plant}"`);

    narrator.point(2, 'acme publishes release 1.0.0 and cuts a bundle into parts');
    await release();
    const stick = media('stick');
    await acme.types(`bundle export --to bankair --release 1.0.0 --part-size ${partSize} --out ${stick}`);
    narrator.sees(readFileSync(sheetOn(stick), 'utf8'), 0, 0);

    narrator.point(3, 'a part is lost on the way, and only that part is made again');
    const lost = partsOn(stick)[2]!;
    rmSync(join(stick, lost));
    narrator.say(`The courier hands over a stick on which ${lost} is missing.`);
    await together([
      [dmz, `bundle relay allow --for "${words.plant}" --quota 1GB`],
      [dmz, `bundle inspect ${stick}`, { expect: 4 }],
    ]);
    await dmz.types(`bundle import ${stick}`, { expect: 4 });
    const second = media('second-stick');
    await acme.types(`bundle export --to bankair --bundle 1 --part 3 --out ${second}`);
    await dmz.types(`bundle import ${second}`);

    narrator.point(4, 'the jump host passes on what it can not read');
    const onward = media('onward');
    await dmz.types(`bundle export --to bankair --out ${onward}`);
    narrator.say('With the next trip to acme, it tells how far the bundle came:');
    const news = media('news');
    await dmz.types(`bundle export --to acme --out ${news}`);
    await acme.types(`bundle import ${news}`);
    await acme.types('bundle list bankair');

    narrator.point(5, 'a part is altered behind the jump host');
    const altered = media('altered');
    cpSync(onward, altered, { recursive: true });
    const changed = changeOneByte(altered);
    narrator.say(`Somebody changes one byte of ${changed}. The plant refuses it and names the hop:`);
    await plant.types(`bundle import ${altered}`, { expect: 4 });
    narrator.say('What the jump host wrote is taken in:');
    await plant.types(`bundle import ${onward}`);

    narrator.point(6, 'the plant deploys');
    await together([
      [plant, 'inbox'],
      [plant, 'environment add production'],
    ]);
    await together([
      [plant, 'input set Site.Port --env production', { input: String(site.port) }],
      [plant, 'input set Site.Folder --env production', { input: site.folder }],
      [plant, 'input set ConnectionStrings.Main --secret', { input: secret }],
    ]);
    await plant.types('deploy 1.0.0 --env production --wait');
    narrator.say(`The application's own page at the plant says: ${await titleAt(site)}`);

    narrator.point(7, 'the receipt goes back the same way');
    const back = media('back');
    await plant.types(`bundle export --to acme --out ${back}`);
    await dmz.types(`bundle import ${back}`);
    const home = media('home');
    await dmz.types(`bundle export --to acme --out ${home}`);
    await acme.types(`bundle import ${home}`);

    narrator.point(8, "acme's fleet page knows the plant, and how old that is");
    await acme.eventually('the fleet page shows the plant', async () => {
      const fleet = (await acme.look<Fleet[]>('api/fleet.json')) ?? [];
      return fleet.some(
        (row) => row.customer === 'bankair' && row.environment === 'production' && row.release === '1.0.0',
      );
    });
    await together([
      [acme, 'fleet'],
      [acme, 'bundle list bankair'],
      [dmz, 'bundle relay list'],
      [acme, 'log verify --full'],
      [plant, 'log verify --full'],
    ]);
    narrator.say(
      'The feed that has crossed whole has one head on both sides. The other has one entry more at acme: its own receipt, which goes with the next trip.',
    );
  }

  /** What it takes at acme; how a release is tested first is the other story's. */
  async function release(): Promise<void> {
    const process = readFileSync(join(build, 'orders.yaml'), 'utf8');
    writeFileSync(join(build, 'orders.yaml'), process.replace(/^local:.*\n(?: .*\n)*/m, ''));
    const place = join(build, 'Orders.Web-1.0.0');
    cpSync(join(build, 'app'), place, { recursive: true });
    // Pictures don't compress: there is something to cut.
    writeFileSync(join(place, 'picture.bin'), randomBytes(100_000));
    await acme.types('package pack Orders.Web-1.0.0 --id Orders.Web --version 1.0.0 --out unsigned.nupkg');
    await acme.types(
      'package sign unsigned.nupkg --certificate acme-company.pfx --out Orders.Web.1.0.0.nupkg',
    );
    await together([
      [acme, 'package add Orders.Web.1.0.0.nupkg'],
      [acme, 'process publish orders.yaml'],
    ]);
    await acme.types('release create Orders 1.0.0 --package Orders.Web@1.0.0 --notes notes-1.0.0.md');
    await acme.types('release publish 1.0.0 --to bankair');
  }
}

async function fingerprint(at: Company): Promise<string> {
  const status = (await at.look<{ instance: { fingerprint: string } }>('api/status.json'))!;
  return status.instance.fingerprint;
}

function sheetOn(medium: string): string {
  const name = readdirSync(medium).find((one) => one.startsWith('transport-'));
  if (name === undefined) throw new StoryError('there is no transport sheet on the stick');
  return join(medium, name);
}

function partsOn(medium: string): string[] {
  const parts = readdirSync(medium)
    .filter((name) => /\.\d{3}$/.test(name))
    .toSorted();
  if (parts.length < 4) throw new StoryError(`the bundle has only ${parts.length} parts`);
  return parts;
}

/** One byte in the middle of the second part. */
function changeOneByte(medium: string): string {
  const name = partsOn(medium)[1]!;
  const bytes = readFileSync(join(medium, name));
  const at = bytes.length - 5000;
  bytes[at] = bytes[at]! ^ 1;
  writeFileSync(join(medium, name), bytes);
  return name;
}
