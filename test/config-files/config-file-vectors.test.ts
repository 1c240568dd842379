import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { ConfigFileError, replaceFile, setConfigVariables } from '../../src/config-files/index.ts';
import { xmlContent } from './same-xml.ts';

type Case = {
  readonly title: string;
  readonly feature: 'xml-config-variables' | 'structured-variables';
  readonly file: string;
  readonly outcome: 'replaced' | 'unchanged' | 'error' | 'any';
  readonly compare: 'bytes' | 'xml' | 'json' | 'yaml' | 'none';
  readonly keep?: readonly string[];
  readonly mustNotContain?: readonly string[];
  readonly encoding?: 'utf-8' | 'utf-8-bom';
  readonly newline?: 'crlf' | 'lf';
};
type Variable = { readonly name: string; readonly value: string | null };

const vectors = join(import.meta.dirname, '../vectors/config-files');
const cases = readdirSync(vectors, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => ({ name: entry.name, ...readJson<Case>(join(vectors, entry.name, 'case.json')) }));
const due = cases.filter((one) => one.feature === 'xml-config-variables');
const places = [mkdtempSync(join(tmpdir(), 'config-')), mkdtempSync(join(tmpdir(), 'konfig ü '))];

afterAll(() => {
  for (const place of places) rmSync(place, { recursive: true });
});

describe('XML configuration variables in the shared vectors', () => {
  process.stdout.write(`not due yet: ${cases.length - due.length} vectors need structured variables\n`);

  test.each(due)('$name: $title', async (one) => {
    for (const place of places) await judge(one, join(place, one.name));
  });
});

async function judge(one: Case & { name: string }, folder: string): Promise<void> {
  const home = join(vectors, one.name);
  cpSync(join(home, 'input'), folder, { recursive: true });
  const filesBefore = filesIn(folder);
  const values = valuesOf(readJson<Variable[]>(join(home, 'variables.json')));
  const tolerant = values.get('Octopus.Action.Package.IgnoreVariableReplacementErrors') === 'True';

  let failure: ConfigFileError | undefined;
  try {
    const result = setConfigVariables(readFileSync(join(folder, one.file)), values);
    if (result.changed) await replaceFile(join(folder, one.file), result.bytes);
  } catch (error) {
    if (!(error instanceof ConfigFileError)) throw error;
    failure = error;
  }
  const after = readFileSync(join(folder, one.file));
  if (one.outcome !== 'any') expect(failure !== undefined && !tolerant).toBe(one.outcome === 'error');
  if (one.outcome === 'error' || one.outcome === 'unchanged') {
    expect(after.equals(readFileSync(join(home, 'input', one.file)))).toBe(true);
  }
  const expected = join(home, 'expected', one.file);
  if (existsSync(expected) && one.compare === 'bytes')
    expect(after.equals(readFileSync(expected))).toBe(true);
  if (existsSync(expected) && one.compare === 'xml') {
    expect(xmlContent(after.toString('utf8'))).toEqual(xmlContent(readFileSync(expected, 'utf8')));
  }
  if (one.encoding) expect(after.toString('utf8').startsWith('\uFEFF')).toBe(one.encoding === 'utf-8-bom');
  const lineBreaks = new Set(after.toString('utf8').match(/\r?\n/g));
  if (one.newline) expect([...lineBreaks]).toEqual([one.newline === 'crlf' ? '\r\n' : '\n']);
  for (const kept of one.keep ?? []) expect(after.toString('utf8')).toContain(kept);
  for (const text of one.mustNotContain ?? []) {
    expect(`${after.toString('utf8')}\n${failure?.message}`).not.toContain(text);
  }
  expect(filesIn(folder)).toEqual(filesBefore);
}

function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).toSorted((a, b) => a.localeCompare(b));
}

/** Variables as the executor hands them over; one `#{Name}` in a value is enough for these vectors. */
function valuesOf(variables: readonly Variable[]) {
  const byName = new Map(variables.map(({ name, value }) => [name.toUpperCase(), value]));
  const get = (name: string): string | undefined =>
    byName.get(name.toUpperCase())?.replaceAll(/#\{(\w+)\}/g, (token, inner: string) => get(inner) ?? token);
  return { has: (name: string) => byName.has(name.toUpperCase()), get };
}

function readJson<Shape>(path: string): Shape {
  return JSON.parse(readFileSync(path, 'utf8')) as Shape;
}
