import { CrossgapError, exitCodes } from '../../errors.ts';
import type { Instance } from '../../instance/index.ts';
import { count } from '../../words.ts';
import { command, type Outcome } from '../command.ts';
import { checkCertificates } from '../doctor/check-certificates.ts';
import { checkClock } from '../doctor/check-clock.ts';
import { checkDaemon } from '../doctor/check-daemon.ts';
import { checkDataFolder, checkDisk } from '../doctor/check-data-folder.ts';
import { checkHubs } from '../doctor/check-hubs.ts';
import { checkLinks } from '../doctor/check-links.ts';
import { checkLog } from '../doctor/check-log.ts';
import { checkScripts } from '../doctor/check-scripts.ts';
import { checkSources } from '../doctor/check-sources.ts';
import { good, ofError, type Finding } from '../doctor/finding.ts';
import { table } from '../table.ts';
import type { Terminal } from '../terminal.ts';

export const doctor = command({
  path: 'doctor',
  about: 'Look for the usual mistakes, and say what to do about them; exit 3 where something is wrong',
  example: 'crossgap doctor',
  args: {},
  options: {},
  async run(context): Promise<Outcome> {
    const findings = [...checkDataFolder(context.folder)];
    let instance: Instance | undefined;
    try {
      instance = await context.open();
    } catch (error) {
      findings.push(ofError({ about: 'instance' }, error));
    }
    if (instance !== undefined) findings.push(...(await checkInstance(instance, context.signal)));
    const told = withoutRepetition(findings);
    const numbers = { wrong: 0, advice: 0, good: 0 };
    for (const { level } of told) numbers[level] += 1;
    return {
      document: { ok: numbers.wrong === 0, ...numbers, findings: told },
      text: lines(told, context.terminal),
      exitCode: numbers.wrong === 0 ? exitCodes.done : exitCodes.refused,
    };
  },
});

async function checkInstance(instance: Instance, signal: AbortSignal): Promise<Finding[]> {
  const hubs = await checkHubs(instance, signal);
  const checks: readonly (() => Finding[] | Promise<Finding[]>)[] = [
    () => [good('instance', `${instance.identity.name} opens, its settings are good`)],
    () => checkCertificates(instance),
    () => checkDisk(instance),
    () => checkDaemon(instance),
    () => checkLog(instance),
    () => checkClock(instance, hubs.times),
    () => [...hubs.findings],
    () => checkLinks(instance),
    () => checkScripts(instance),
    () => checkSources(instance, signal),
  ];
  const found: Finding[] = [];
  for (const check of checks) {
    try {
      found.push(...(await check()));
    } catch (error) {
      // What one look stumbles over keeps none of the others from looking.
      if (!(error instanceof CrossgapError)) throw error;
      found.push(ofError({ about: 'instance' }, error));
    }
  }
  return found;
}

/**
 * A server that can't be reached is found by dialling it, and was told by the daemon before; exposed keys are found by
 * looking at them, and by whoever would use them.
 */
function withoutRepetition(findings: readonly Finding[]): Finding[] {
  const said = new Set<string>();
  return findings.filter(({ message, code, about }) => {
    if (said.has(message) || (about === 'instance' && code !== undefined && said.has(code))) return false;
    said.add(message);
    if (code !== undefined) said.add(code);
    return true;
  });
}

/** What is wrong first, each with what to do below it; what is good needs no more than a line. */
function lines(
  findings: readonly Finding[],
  { tone, columns }: Pick<Terminal, 'tone' | 'columns'>,
): string[] {
  const of = (level: Finding['level']): Finding[] => findings.filter((one) => one.level === level);
  const marks = { wrong: tone('bad', 'WRONG'), advice: tone('warn', 'mind'), good: tone('good', 'good') };
  const rows = [...of('wrong'), ...of('advice'), ...of('good')].flatMap(
    ({ level, about, link, code, message, hint }) => [
      [
        marks[level],
        about,
        `${link === undefined ? '' : `${link}: `}${message}${code === undefined ? '' : ` [${code}]`}`,
      ],
      ...(hint === undefined || level === 'good' ? [] : [['', '', `try: ${hint}`]]),
    ],
  );
  const [wrong, mind] = [of('wrong').length, of('advice').length];
  const sum =
    wrong > 0
      ? `${count(wrong, 'thing')} ${wrong === 1 ? 'is' : 'are'} wrong`
      : mind > 0
        ? `Nothing is wrong; ${count(mind, 'thing')} to mind`
        : 'Nothing is wrong';
  return [...table(rows, columns), '', sum];
}
