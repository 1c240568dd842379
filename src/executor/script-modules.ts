import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { VariableSet } from '../variables/index.ts';
import type { Work } from './convention.ts';
import { ExecutorError } from './errors.ts';
import type { ScriptKind } from './plan.ts';
import { scriptLanguages } from './script-kinds.ts';

/** A text that scripts of a process share: `Octopus.Script.Module[NAME]`, in the language that `…Module.Language[NAME]` says. */
type ScriptModule = { readonly name: string; readonly text: string };

const languages: Readonly<Record<string, ScriptKind>> = {
  powershell: 'powershell',
  bash: 'bash',
  python: 'python',
};

/**
 * Puts the modules of a script's language beside it, as `NAME.sh` or `NAME.py` of letters and digits, and returns
 * what takes them away again. PowerShell gets its modules with its values. A file that is there already is left
 * alone and used instead, which is said. Throws `SCRIPT_FAILED` for one whose text holds a secret: it would be in a file.
 */
export function placeModules(
  work: Pick<Work, 'variables' | 'masker' | 'log'>,
  kind: ScriptKind,
  folder: string,
): () => void {
  const placed: string[] = [];
  for (const { name, text } of kind === 'powershell' ? [] : modulesOf(work.variables, kind)) {
    const fileName = `${name.replaceAll(/[^\p{L}\p{Nd}]/gu, '')}.${scriptLanguages[kind].extension}`;
    const file = join(folder, fileName);
    if (work.masker.holds(text)) throw holdsSecret(name);
    if (existsSync(file)) {
      work.log('warning', `${fileName} is there already and is used instead of the script module ${name}`);
      continue;
    }
    writeFileSync(file, text.replaceAll('\r\n', '\n'), { mode: 0o600, flag: 'wx' });
    placed.push(file);
  }
  return () => {
    for (const file of placed) rmSync(file, { force: true });
  };
}

function modulesOf(variables: VariableSet, kind: ScriptKind): ScriptModule[] {
  return variables.names().flatMap((variable) => {
    const name = /^Octopus\.Script\.Module\[(.+)\]$/i.exec(variable)?.[1];
    if (name === undefined) return [];
    const language = variables.get(`Octopus.Script.Module.Language[${name}]`) ?? 'PowerShell';
    if (languages[language.trim().toLowerCase()] !== kind) return [];
    return [{ name, text: variables.get(variable) ?? '' }];
  });
}

function holdsSecret(name: string): ExecutorError {
  return new ExecutorError('SCRIPT_FAILED', `Cannot go on: the script module ${name} holds a secret`, {
    hint: 'Let its functions ask for the secret by name instead of having it pasted into the text.',
    details: { module: name },
  });
}
