import type { Revision, Step } from '../../process/index.ts';
import type { RevisionRow } from '../../projections/index.ts';
import { count, moment } from '../../words.ts';
import { facts, section, table } from '../table.ts';

/** A revision as a person reads it: its gate, steps, inputs and values, and what of it stays at home. */
export function describeRevision(row: RevisionRow, revision: Revision): string[] {
  const { publishWhen } = row.local;
  const gate = [
    ...publishWhen.deployedTo.map((one) => `deployed to ${one}`),
    ...(publishWhen.testsPassed ? ['tests passed'] : []),
    ...publishWhen.testTypes.map((type) => `${type} tests passed`),
    ...(publishWhen.verdictOk ? ['verdict ok'] : []),
  ];
  const scope = ({
    environments,
    tags,
  }: {
    environments: readonly string[];
    tags: readonly string[];
  }): string => [...environments, ...tags.map((tag) => `tag ${tag}`)].join(', ');
  const valueRows = (values: Revision['variables']): string[][] =>
    values.map((one) => [one.name, one.value.split('\n')[0]!.slice(0, 80), scope(one)]);
  return [
    `Process ${row.process} revision ${row.revision}`,
    ...facts([
      ['digest', row.digest],
      ['published', `${moment(row.publishedAt)} by ${row.actor}`],
      ['publish when', gate.join(', ')],
    ]),
    ...section(
      'Checks',
      table(
        (revision.checks ?? []).map((check) => [
          check.name,
          `runs ${check.script.kind}`,
          scope(check),
          check.hint ?? '',
        ]),
      ),
    ),
    ...section('Steps', table(stepRows(revision.steps))),
    ...section('Uninstall', table(stepRows(revision.uninstall ?? []))),
    ...section(
      'Inputs',
      table(
        revision.inputs.map((one) => [
          one.name,
          one.type,
          one.default === null ? (one.required ? 'required' : 'optional') : `default ${one.default}`,
          one.mayBeShown ? 'secret, shown while typed' : one.secret ? 'secret' : '',
          one.test === undefined ? '' : `tested by ${one.test.kind}`,
          [one.group ?? '', one.label ?? ''].filter((part) => part !== '').join(': '),
        ]),
      ),
    ),
    ...section('Variables', table(valueRows(revision.variables))),
    ...section('Stays at home', table(valueRows([...row.local.variables]))),
  ];
}

function stepRows(steps: readonly Step[]): string[][] {
  return steps.map((step, at) => [`${at + 1}.`, step.name, doing(step), restrictions(step)]);
}

function doing({ action }: Step): string {
  if (action.kind === 'run') return `runs ${action.script.kind}`;
  if (action.kind === 'manual') return 'a person confirms';
  const scripts = Object.values(action.scripts).flat().length;
  return `package ${action.package}${scripts === 0 ? '' : `, ${count(scripts, 'script')}`}`;
}

function restrictions(step: Step): string {
  return [
    step.environments.length > 0 ? `in ${step.environments.join(', ')}` : '',
    step.tags.length > 0 ? `tagged ${step.tags.join(', ')}` : '',
    step.exceptEnvironments.length > 0 ? `not in ${step.exceptEnvironments.join(', ')}` : '',
    step.when === 'success' ? '' : `when ${step.when}`,
    step.start === undefined ? '' : 'together with the step before it',
    step.required ? 'required' : '',
  ]
    .filter((part) => part !== '')
    .join('; ');
}
