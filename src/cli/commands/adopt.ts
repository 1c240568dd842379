import { CommandError } from '../../commands/index.ts';
import { readStatus } from '../../daemon/index.ts';
import {
  certificateFacts,
  fingerprintWords,
  introducedBy,
  type CompanyCertificate,
} from '../../identity/index.ts';
import { dataFolder, openInstance, rotateKeys, type Instance } from '../../instance/index.ts';
import { readInputs, readLinks, readOpenDeployments } from '../../projections/index.ts';
import { commandLine, count, moment } from '../../words.ts';
import { command, text, type Outcome } from '../command.ts';
import { givenCompany } from '../given/company.ts';
import { holdSite, takeOver } from '../site/index.ts';
import { facts, section, table } from '../table.ts';

export const adopt = command({
  path: 'adopt',
  about:
    'Take over, with a daemon, what an installer put on this machine: its link, answers and applications',
  example: 'crossgap --data /srv/crossgap adopt --from /var/lib/crossgap',
  args: {},
  options: {
    from: text('DIR', 'where the installer kept it, if not in the data folder; it is moved here'),
    certificate: text('FILE', 'the company certificate with its private key, PFX or PEM; not kept'),
    key: text('PEM', 'the private key, where it is not in the file of the certificate'),
    'password-file': text('FILE', 'file with its password (else asked for, else none)'),
  },
  async run(context, _args, { from, certificate, key, 'password-file': passwordFile }): Promise<Outcome> {
    const { folder } = context;
    // What can't be read is told before anything is moved.
    const company =
      certificate === undefined ? undefined : await givenCompany(context, { certificate, key, passwordFile });
    const isMoved =
      from !== undefined &&
      (await takeOver({ from: dataFolder(from), to: dataFolder(folder) }, refuseOpenRuns));
    const isRotated = company !== undefined && (await introduceBy(company, folder));
    const instance = await context.open();
    using _held = holdSite(dataFolder(folder), instance.actor);
    refuseOpenRuns(instance);
    const found = whatIsHere(instance);
    const { name, words } = instance.identity;
    return {
      document: { name, folder: instance.folder.root, moved: isMoved, rotated: isRotated, ...found },
      text: [
        `${name} is ready for a daemon: ${commandLine('run')}`,
        ...facts([
          ['data folder', instance.folder.root],
          ['was at', isMoved ? `${from} (a link there leads here)` : null],
          ['our words', isRotated ? `${words} (new: they are those of the company certificate)` : words],
        ]),
        ...section('Paired with', table(found.links.map((one) => [one.name, one.state, one.words ?? '']))),
        ...section(
          'Installed',
          table(
            found.installed.map((one) => [
              one.environment,
              `${one.process} ${one.release}`,
              moment(one.since),
            ]),
          ),
        ),
        ...section(
          'Answers that are kept',
          table(
            found.answers.map((one) => [one.name, one.environment ?? 'all', one.secret ? '(secret)' : '']),
          ),
        ),
        ...section(
          'Note',
          instance.settings.report.when === 'asked'
            ? [
                `what goes home is told when a person says so: ${commandLine('report')}; set when = "always" below [report] in crossgap.toml to have it told by itself`,
              ]
            : [],
        ),
      ],
    };
  },
});

/** Gives the instance the certificate of the company; true where it had another one. */
async function introduceBy(company: CompanyCertificate, folder: string): Promise<boolean> {
  using instance = await openInstance(folder);
  const { fingerprint } = certificateFacts(company.chain[0]!);
  if (instance.identity.certificate.fingerprint === fingerprint) return false;
  using _held = holdSite(dataFolder(folder), instance.actor);
  refuseOpenRuns(instance);
  rotateKeys(instance, { company });
  return true;
}

/** Nobody takes over what is half done: a person decides first. @throws CommandError DEPLOYMENT_HELD */
function refuseOpenRuns({ db, folder }: Instance): void {
  const open = readOpenDeployments(db);
  const [first] = open;
  if (first === undefined) return;
  const more = open.length > 1 ? ` (and ${count(open.length - 1, 'other')})` : '';
  throw new CommandError(
    'DEPLOYMENT_HELD',
    `Cannot adopt ${folder.root}: deployment ${first.deployment} of ${first.process} ${first.number} is ${first.state} in ${first.environment}${more}`,
    {
      hint: `Decide about it first: start the installer again, or \`crossgap deployment resume ${first.deployment}\`, or retry or cancel in the place of resume.`,
      details: { deployment: first.deployment, state: first.state, folder: folder.root },
    },
  );
}

function whatIsHere(instance: Instance) {
  const { db } = instance;
  return {
    words: instance.identity.words,
    links: readLinks(db)
      .filter(({ state }) => state !== 'removed')
      .map(({ link, name, state, introduction }) => ({
        link,
        name,
        state,
        words: introduction && fingerprintWords(introducedBy(introduction)),
      })),
    installed: readStatus(instance).environments.flatMap(({ name, runs }) =>
      runs.map(({ link, process, release, since }) => ({ environment: name, link, process, release, since })),
    ),
    answers: readInputs(db).map(({ name, environment, secret }) => ({ name, environment, secret })),
    report: instance.settings.report.when,
  };
}
