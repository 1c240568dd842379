import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { scriptLanguages } from '../../src/executor/script-kinds.ts';

const page = readFileSync(join(import.meta.dirname, '../../docs/scripts.md'), 'utf8');
const rows = page
  .slice(page.indexOf('## Functions'), page.indexOf('A value handed on'))
  .split('\n')
  .filter((line) => line.startsWith('|'))
  .map((line) => line.split('|').map((cell) => cell.trim()));

/** The names in one column of the table of functions; `name[_file]` is two of them. */
function namesIn(column: number): string[] {
  return rows.flatMap((cells) =>
    [...(cells[column] ?? '').matchAll(/`([A-Za-z_][\w-]*)(?:\[(\w+)\])?/g)].flatMap(([, name = '', more]) =>
      more === undefined ? [name] : [name, name + more],
    ),
  );
}

const notFunctions = ['octopusvariables'];
const columns = { bash: 2, python: 3, powershell: 4 } as const;
const definitions = {
  bash: /^([a-z_][\w-]*)\(\) \{/gm,
  python: /^def ([a-z]\w*)\(/gm,
  powershell: /^function ([A-Z][\w-]+)/gm,
};

test.each(['bash', 'python', 'powershell'] as const)(
  'every function for %s is on the page, and no other',
  (kind) => {
    const { text } = scriptLanguages[kind].bootstrap;
    const defined = [...text.matchAll(definitions[kind])].map(([, name = '']) => name);
    const offered = defined.filter(
      (name) => !name.startsWith('__crossgap') && !name.startsWith('__Crossgap'),
    );
    const named = namesIn(columns[kind]).filter((name) => !notFunctions.includes(name));
    // Two that the page leaves out: one that says why it can't, one that only makes half a message.
    const untold = ['decrypt_variable', 'Convert-ToServiceMessageParameter'];
    expect([...new Set(named)].toSorted()).toEqual(
      offered.filter((name) => !untold.includes(name)).toSorted(),
    );
  },
);
