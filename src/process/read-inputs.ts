import type { Findings } from './findings.ts';
import { checkInput } from './inputs.ts';
import { oneScript, type ReadScript } from './read-action.ts';
import { checkName, checkText, isTrue } from './read-values.ts';
import type { InputDefinition, Script } from './revision.ts';
import type { InputEntry, ProcessEntry } from './schema.ts';
import type { YamlPath } from './yaml-source.ts';

/** The inputs in the order of the file. */
export function readInputs(
  entry: ProcessEntry['inputs'],
  readScript: ReadScript,
  findings: Findings,
): InputDefinition[] {
  const seen = new Set<string>();
  return findings.source.keysAt(['inputs']).flatMap((name) => {
    const given = entry?.[name];
    if (given === undefined) return [];
    const path = ['inputs', name];
    checkName(name, 'input', path, findings);
    if (seen.has(name.toUpperCase())) {
      findings.add(path, `the input ${name} stands here a second time`, 'Case makes no difference.', 'key');
    }
    seen.add(name.toUpperCase());
    const input = given === '' ? {} : given;
    const fallback = input.default ?? null;
    const definition: InputDefinition = {
      name,
      label: input.label ?? null,
      help: input.help ?? null,
      type: input.type ?? 'text',
      choices: input.choices ?? [],
      default: fallback,
      required: input.required === undefined ? fallback === null : isTrue(input.required),
      secret: input.secret !== undefined && isTrue(input.secret),
      ...(input.group !== undefined && { group: input.group }),
      ...(isShownWhileTyping(input) && { mayBeShown: true as const }),
      ...(input.test !== undefined && { test: testOf(input.test, path, readScript, findings) }),
    };
    if (input.group !== undefined) checkText([...path, 'group'], 'the heading of an input', findings);
    checkDefinition(definition, path, findings);
    return [definition];
  });
}

function isShownWhileTyping(input: InputEntry): boolean {
  const shown = input['show-while-typing'];
  return shown !== undefined && isTrue(shown);
}

function testOf(
  entry: NonNullable<InputEntry['test']>,
  path: YamlPath,
  readScript: ReadScript,
  findings: Findings,
): Script {
  const more = { message: 'test: has exactly one script', hint: 'Keep the one that runs on every machine.' };
  return oneScript(entry, [...path, 'test'], more, readScript, findings);
}

function checkDefinition(input: InputDefinition, path: YamlPath, findings: Findings): void {
  if (input.type === 'choice' && input.choices.length === 0) {
    findings.add(path, `${input.name} is a choice without choices`, 'Add `choices: [A, B]`.');
  }
  if (input.type !== 'choice' && input.choices.length > 0) {
    findings.add(
      [...path, 'choices'],
      `${input.name} has choices but is not of type choice`,
      'Add `type: choice`.',
    );
  }
  if (input.mayBeShown && !input.secret) {
    findings.add(
      [...path, 'show-while-typing'],
      `${input.name} is not secret, so it is shown anyway`,
      'Take it out, or add `secret: true`.',
      'key',
    );
  }
  if (input.default === null) return;
  if (input.secret) {
    const hint = 'Leave the default out: what stands here travels to every receiver.';
    findings.add([...path, 'default'], `${input.name} is secret and has a default`, hint);
  }
  const problem = checkInput(input, input.default);
  if (problem !== undefined) {
    findings.add([...path, 'default'], problem, 'Correct the default or the type.');
  }
}
