import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type } from '../cli/typed.ts';

type Case = {
  readonly name: string;
  readonly mode?: 'continue' | 'truthy';
  readonly expected: string | null;
  readonly missing?: readonly string[];
  readonly error?: true;
};
type Answer = {
  readonly name: string;
  readonly output: string | null;
  readonly missing: readonly string[];
  readonly error?: string;
};

describe.each(['cases.json', 'rules.json'])('%s', async (name) => {
  const file = join(import.meta.dirname, '../vectors/octostache', name);
  const cases = JSON.parse(readFileSync(file, 'utf8')) as Case[];
  const { stdout, exitCode } = await type(['try', 'substitute', '--cases', file]);
  const answers = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Answer);

  test('every case is answered, in order', () => {
    expect(exitCode).toBe(0);
    expect(answers.map((one) => one.name)).toEqual(cases.map((one) => one.name));
  });

  test.each(cases.map((one, n) => [one.name, one, n] as const))('%s', (_name, one, n) => {
    const answer = answers[n]!;
    expect(answer.output).toBe(one.expected);
    if (one.mode === 'truthy') return;
    expect(answer.missing).toEqual(one.missing ?? []);
    expect(answer.error !== undefined).toBe(one.error ?? false);
  });
});
