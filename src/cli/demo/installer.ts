import { randomBytes } from 'node:crypto';
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import { bareRoot } from './bare-root.ts';
import { together } from './company.ts';
import { filesHolding } from './files-below.ts';
import { freePorts } from './site.ts';
import { companyOn, toTheEnd, type Ending, type Stage } from './stage.ts';
import { StoryError } from './story-error.ts';

/** Made anew each time: the story itself is part of the program that goes to the plant. */
const secret = `Millstone-${randomBytes(9).toString('hex')}`;

/** What the fleet page's JSON tells, as far as the story looks. */
type Fleet = { customer: string; environment: string | null; release: string | null };

/**
 * The installer: a plant without a daemon and without a network gets one file on a stick. The power fails in the middle;
 * it is started again and goes on, and what became of it comes home with the courier.
 */
export async function tellInstaller(stage: Stage): Promise<Ending> {
  const { folder, material, narrator } = stage;
  const [port] = await freePorts(1);
  const build = join(folder, 'build');
  cpSync(join(material, 'plant'), build, { recursive: true });
  const acme = companyOn(stage, 'acme', port!);
  const stick = join(folder, 'stick');
  const plant = join(folder, 'riverside');
  mkdirSync(plant, { recursive: true });
  const ending: Ending = {
    pages: [{ name: acme.name, url: acme.page }],
    [Symbol.asyncDispose]: () => acme.stopDaemon(),
  };
  return toTheEnd(tell, ending);

  async function tell(): Promise<void> {
    narrator.say('A vendor, and a plant named riverside that has no daemon, no Node and no network:');
    await acme.types('init --name acme --new-certificate acme-company.pfx');
    await acme.startDaemon();
    narrator.say(`acme's status page: ${acme.page}`);
    const { fingerprint: words } = (await acme.look<{ instance: { fingerprint: string } }>(
      'api/status.json',
    ))!.instance;

    narrator.point(1, 'acme makes release 1.0.0 of Orders for plants');
    await acme.types('package pack app --id Orders.Plant --version 1.0.0 --out unsigned.nupkg');
    await acme.types(
      'package sign unsigned.nupkg --certificate acme-company.pfx --out Orders.Plant.1.0.0.nupkg',
    );
    await together([
      [acme, 'package add Orders.Plant.1.0.0.nupkg'],
      [acme, 'process publish orders.yaml'],
    ]);
    await acme.types('release create Orders 1.0.0 --package Orders.Plant@1.0.0 --notes notes-1.0.0.md');

    narrator.point(2, 'acme makes one file of it');
    await acme.types('link invite riverside --by-hand --out invitation.json');
    await acme.types('release publish 1.0.0 --to riverside');
    narrator.say("The runtime of the plant's machine comes from the npm registry, once, and is checked:");
    await acme.types(`bundle export --to riverside --release 1.0.0 --installer ${platform} --out ${stick}`);
    const file = installerOn(stick);
    narrator.sees(readFileSync(join(stick, `transport-${file}.txt`), 'utf8'), 0, 0);

    narrator.point(3, 'the courier checks the stick, and a changed file is found out');
    await acme.types(`bundle inspect ${stick}`);
    const altered = join(folder, 'altered');
    cpSync(stick, altered, { recursive: true });
    changeOneByte(join(altered, file));
    await acme.types(`bundle inspect ${altered}`, { expect: 4 });

    narrator.point(4, 'at the plant somebody starts it, and first only looks');
    const machine = await bareRoot(plant);
    if (machine.instead !== undefined)
      narrator.say(
        `This machine lets nobody make one of its own (${machine.instead}), so it is started in a folder instead.`,
      );
    cpSync(stick, machine.here('/media'), { recursive: true });
    writeFileSync(machine.here('/root/historian'), `${secret}\n`, { mode: 0o600 });
    writeFileSync(machine.here('/root/answers.yaml'), answers(words));
    const start = (...flags: string[]): Promise<number> =>
      told(`/media/${file} ${flags.join(' ')}`, [`/media/${file}`, ...flags]);
    narrator.sees(readFileSync(machine.here('/root/answers.yaml'), 'utf8'), 0, 0);
    await expects(0, start('--answers', '/root/answers.yaml', '--check'));

    narrator.point(5, 'it installs, and the power fails in the third of four steps');
    await cutOff([`/media/${file}`, '--answers', '/root/answers.yaml'], 'loaded bread');

    narrator.point(6, 'started again, it knows where it stopped and goes on there');
    await expects(0, start('--answers', '/root/answers.yaml', '--if-interrupted', 'resume'));
    narrator.say(`orders.conf at the plant: ${conf()}`);

    narrator.point(7, 'the password stayed at the plant');
    const holding = filesHolding(plant, secret).map((path) => path.slice(plant.length));
    narrator.say(`Of all files at the plant these hold it: ${holding.join(', ')}.`);
    const leaked = holding.filter((path) => !belongsThere(path));
    if (leaked.length > 0) throw new StoryError(`the password stands in ${leaked.join(', ')}`);

    narrator.point(8, 'a small file goes home with the courier');
    const home = join(folder, 'home');
    mkdirSync(home);
    cpSync(machine.here('/root/result.cgx'), join(home, 'result.cgx'));
    await acme.types(`bundle import ${home}`);
    await acme.eventually('the fleet page shows the plant', async () => {
      const fleet = (await acme.look<Fleet[]>('api/fleet.json')) ?? [];
      return fleet.some(({ customer, release }) => customer === 'riverside' && release === '1.0.0');
    });
    await together([
      [acme, 'fleet'],
      [acme, 'log verify --full'],
    ]);

    /** Runs something at the plant and tells what came back. */
    async function told(typed: string, command: readonly string[]): Promise<number> {
      narrator.types('riverside', typed);
      const child = machine.starts(command, {});
      let seen = '';
      for (const stream of [child.stdout!, child.stderr!])
        stream.setEncoding('utf8').on('data', (text: string) => (seen += text));
      const exitCode = await new Promise<number>((resolve) => {
        child.once('close', (code) => resolve(code ?? -1));
      });
      narrator.sees(seen, exitCode, 0);
      return exitCode;
    }

    /** Starts it and ends everything on the machine, as a power cut does, when a line has been said. */
    async function cutOff(command: readonly string[], line: string): Promise<void> {
      narrator.types('riverside', command.join(' '));
      const child = machine.starts(command, {});
      const over = new Promise<void>((resolve) => child.once('close', () => resolve()));
      let seen = '';
      for (const stream of [child.stdout!, child.stderr!])
        stream.setEncoding('utf8').on('data', (text: string) => (seen += text));
      const giveUpAt = performance.now() + 120_000;
      while (!seen.includes(line)) {
        if (child.exitCode !== null || performance.now() > giveUpAt) {
          narrator.sees(seen, child.exitCode ?? -1, 0);
          throw new StoryError('riverside: the installation was over before the power failed');
        }
        await after(20);
      }
      child.kill('SIGKILL');
      await over;
      narrator.sees(`${seen.trimEnd()}\n(kill -9)`, 0, 0);
    }

    function conf(): string {
      return readFileSync(machine.here('/opt/orders/orders.conf'), 'utf8')
        .split('\n')
        .slice(0, 2)
        .join(' · ');
    }
  }
}

const platform = 'linux-x64';

/** Where the plant's password belongs: in what the operator wrote, and in the application's own configuration. */
function belongsThere(path: string): boolean {
  return path === '/root/historian' || path.endsWith('/orders.conf');
}

const answers = (words: string): string => `maker: "${words}"
name: riverside
environment: production
values:
  Plant.Name: Riverside mill
  Historian.Password: { file: /root/historian }
result: { file: /root/result.cgx, rating: 5, comment: "Power cut in between; went on by itself" }
`;

function installerOn(stick: string): string {
  const name = readdirSync(stick).find((one) => one.endsWith('-installer'));
  if (name === undefined) throw new StoryError('there is no installer on the stick');
  return name;
}

/** One byte of the bundle, which lies behind the program. */
function changeOneByte(path: string): void {
  const bytes = readFileSync(path);
  const at = bytes.length - 20_000;
  bytes[at] = bytes[at]! ^ 1;
  writeFileSync(path, bytes);
}

async function expects(wanted: number, ran: Promise<number>): Promise<void> {
  const exitCode = await ran;
  if (exitCode !== wanted)
    throw new StoryError(`riverside: the installer ended with ${exitCode}, ${wanted} was expected`);
}
