import { programVersion } from '../installation.ts';
import { later, type Command } from './command.ts';
import type { Table } from './shell/parse.ts';

type Family = { readonly word: string; readonly load: () => Promise<readonly Command[]> };

/**
 * Every command there is, in the order of the help, by the first word that calls them. A family is read when it is
 * called: most of what a short command costs is reading the rest of the program.
 */
const families: readonly Family[] = [
  { word: 'demo', load: async () => (await import('./commands/demo.ts')).demoCommands },
  { word: 'init', load: async () => [(await import('./commands/init.ts')).init] },
  { word: 'run', load: async () => [(await import('./commands/run.ts')).run] },
  { word: 'status', load: async () => [(await import('./commands/status.ts')).status] },
  { word: 'link', load: async () => (await import('./commands/link.ts')).linkCommands },
  { word: 'hub', load: async () => (await import('./commands/hub.ts')).hubCommands },
  { word: 'environment', load: async () => (await import('./commands/environment.ts')).environmentCommands },
  { word: 'process', load: async () => (await import('./commands/process.ts')).processCommands },
  { word: 'package', load: async () => (await import('./commands/package.ts')).packageCommands },
  { word: 'trust', load: async () => (await import('./commands/trust.ts')).trustCommands },
  {
    word: 'release',
    load: async () => [
      ...(await import('./commands/release.ts')).releaseCommands,
      ...(await import('./commands/release-answer.ts')).answerCommands,
      (await import('./commands/release-check.ts')).checkRelease,
    ],
  },
  { word: 'tests', load: async () => [(await import('./commands/tests.ts')).importResults] },
  { word: 'inbox', load: async () => [(await import('./commands/inbox.ts')).inbox] },
  { word: 'input', load: async () => (await import('./commands/input.ts')).inputCommands },
  { word: 'deploy', load: async () => [(await import('./commands/deploy.ts')).deploy] },
  { word: 'approve', load: async () => [(await import('./commands/approve.ts')).approve] },
  {
    word: 'deployment',
    load: async () => [
      ...(await import('./commands/deployment.ts')).deploymentCommands,
      ...(await import('./commands/approve.ts')).decisionCommands,
    ],
  },
  { word: 'report', load: async () => [(await import('./commands/report.ts')).report] },
  { word: 'rollback', load: async () => [(await import('./commands/rollback.ts')).rollback] },
  { word: 'uninstall', load: async () => [(await import('./commands/uninstall.ts')).uninstall] },
  { word: 'fleet', load: async () => [(await import('./commands/fleet.ts')).fleet] },
  { word: 'doctor', load: async () => [(await import('./commands/doctor.ts')).doctor] },
  { word: 'log', load: async () => (await import('./commands/log.ts')).logCommands },
  { word: 'install', load: async () => [(await import('./commands/install.ts')).install] },
  { word: 'adopt', load: async () => [(await import('./commands/adopt.ts')).adopt] },
  { word: 'identity', load: async () => (await import('./commands/identity.ts')).identityCommands },
  { word: 'backup', load: async () => [(await import('./commands/backup.ts')).backup] },
  { word: 'restore', load: async () => [(await import('./commands/backup.ts')).restore] },
  { word: 'bundle', load: async () => (await import('./commands/bundle.ts')).bundleCommands },
  { word: 'source', load: async () => (await import('./commands/source.ts')).sourceCommands },
  { word: 'feed', load: async () => [(await import('./commands/log-show.ts')).showFeed] },
  { word: 'try', load: async () => (await import('./commands/try.ts')).tryCommands },
];

const laterCommands: readonly Command[] = [
  later('overlay', "The receiver's own steps"),
  later('propose', "Offer the receiver's own steps back to the vendor"),
  later('proposals', 'What receivers proposed'),
];

/** The first words of all commands. */
export const firstWords: ReadonlySet<string> = new Set(families.map(({ word }) => word));

/** The program as far as a command line needs it: one family where its first word names one, else all there is. */
export async function programFor(argv: readonly string[]): Promise<Table> {
  const word = firstWord(argv);
  const named = families.filter((family) => family.word === word);
  const wanted = named.length > 0 ? named : families;
  const commands = await Promise.all(wanted.map(({ load }) => load()));
  return {
    name: 'crossgap',
    about:
      'Deployment processes, releases and signed packages that cross the gap between a vendor and its customers.',
    version: programVersion(),
    commands: [...commands.flat(), ...(named.length > 0 ? [] : laterCommands)],
    families: {
      'bundle relay': 'Bundles between others, stored and passed on',
      link: 'Pair with other instances',
      hub: 'Our NATS server, where links meet',
      environment: 'Where releases go, and in which order',
      process: 'How a product is deployed',
      package: 'Signed packages',
      trust: 'Whose packages are believed, and what is known of revoked certificates',
      release: 'Releases of this side, and offers of others',
      tests: 'Evidence on releases',
      input: 'Values only one side knows',
      deployment: 'Runs of releases',
      identity: 'The keys of this instance',
      log: 'The history',
      bundle: 'The air gap: what is carried by hand',
      source: "The company's own NuGet repositories",
      feed: 'What the other side sees',
      try: 'Conventions on files at hand, without an instance',
    },
  };
}

function firstWord(argv: readonly string[]): string | undefined {
  const rest = [...argv];
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (!word.startsWith('-')) return word;
    if (word === '--data') rest.shift();
  }
  return undefined;
}
