import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { type as typed } from '../cli/typed.ts';
import { xmlContent } from './same-xml.ts';

type Case = {
  readonly name: string;
  readonly title: string;
  readonly feature: 'xml-config-variables' | 'structured-variables';
  readonly file: string;
  readonly outcome: 'replaced' | 'unchanged' | 'error' | 'any';
  readonly compare: 'bytes' | 'xml' | 'json' | 'yaml' | 'none';
  readonly keep?: readonly string[];
  readonly mustNotContain?: readonly string[];
  readonly encoding?: 'utf-8' | 'utf-8-bom';
  readonly newline?: 'crlf' | 'lf';
  readonly minWarnings?: number;
};

const vectors = join(import.meta.dirname, '../vectors/config-files');
const cases = readdirSync(vectors, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }): Case => ({ ...readJson<Omit<Case, 'name'>>(join(vectors, name, 'case.json')), name }));
const places = [mkdtempSync(join(tmpdir(), 'config-')), mkdtempSync(join(tmpdir(), 'konfig ü '))];
const words = { 'xml-config-variables': 'config-variables', 'structured-variables': 'structured' } as const;

afterAll(() => {
  for (const place of places) rmSync(place, { recursive: true });
});

describe('the shared vectors of configuration files, through crossgap try', () => {
  test('all 32 of them are here', () => expect(cases.length).toBe(32));

  test.each(cases)('$name: $title', async (one) => {
    for (const place of places) await judge(one, join(place, one.name));
  });
});

test('the program that is delivered does the same', () => {
  const home = join(vectors, 'c13-yaml-sequences');
  const program = resolve(import.meta.dirname, '../../bin/crossgap.js');
  const arguments_ = ['try', 'structured', join(home, 'input/app.yml'), '--variables'];
  const result = execFileSync(process.execPath, [program, ...arguments_, join(home, 'variables.json')]);
  expect(result.equals(readFileSync(join(home, 'expected/app.yml')))).toBe(true);
});

async function judge(one: Case, folder: string): Promise<void> {
  const home = join(vectors, one.name);
  cpSync(join(home, 'input'), folder, { recursive: true });
  const file = join(folder, one.file);
  const before = readFileSync(file);
  const filesBefore = filesIn(folder);
  const out = `${folder}.out`;
  const variables = join(home, 'variables.json');
  const command = ['try', words[one.feature], file, '--variables', variables];
  const answer = await typed(['--json', ...command, '--out', out]);
  const told = answer.json as { replaced: string[]; warnings: string[]; error?: string };
  expect(readFileSync(file).equals(before)).toBe(true);
  expect(filesIn(folder)).toEqual(filesBefore);
  if (one.outcome === 'error') {
    expect(answer.exitCode).toBe(6);
    expect(told.error).toBeTruthy();
  } else if (one.outcome !== 'any') {
    expect(answer.exitCode, answer.stderr).toBe(0);
    expect(told.replaced.length > 0).toBe(one.outcome === 'replaced');
  }
  const after = existsSync(out) ? readFileSync(out) : before;
  if (one.outcome === 'error' || one.outcome === 'unchanged') expect(after.equals(before)).toBe(true);
  const expected = join(home, 'expected', one.file);
  if (existsSync(expected)) compare(one.compare, after, readFileSync(expected));
  expect(told.warnings.length).toBeGreaterThanOrEqual(one.minWarnings ?? 0);
  if (one.encoding) expect(after.toString('utf8').startsWith('\uFEFF')).toBe(one.encoding === 'utf-8-bom');
  const lineBreaks = new Set(after.toString('utf8').match(/\r?\n/g));
  if (one.newline) expect([...lineBreaks]).toEqual([one.newline === 'crlf' ? '\r\n' : '\n']);
  for (const kept of one.keep ?? []) expect(after.toString('utf8')).toContain(kept);
  for (const text of one.mustNotContain ?? []) {
    expect(`${after.toString('utf8')}\n${answer.stdout}\n${answer.stderr}`).not.toContain(text);
  }
}

function compare(how: Case['compare'], after: Buffer, expected: Buffer): void {
  const [one, other] = [after, expected].map((bytes) => bytes.toString('utf8').replace(/^\uFEFF/, ''));
  if (how === 'bytes') expect(after.equals(expected)).toBe(true);
  if (how === 'xml') expect(xmlContent(one!)).toEqual(xmlContent(other!));
  if (how === 'json') expect(JSON.parse(withoutComments(one!))).toEqual(JSON.parse(other!));
  if (how === 'yaml') expect(yamlContent(one!)).toEqual(yamlContent(other!));
}

/** Comments, which may stay, and the comma behind a last item. */
function withoutComments(json: string): string {
  return json
    .replaceAll(/("(?:[^"\\]|\\.)*")|\/\/[^\n]*|\/\*[^]*?\*\//g, (_, string?: string) => string ?? '')
    .replaceAll(/("(?:[^"\\]|\\.)*")|,(?=\s*[}\]])/g, (_, string?: string) => string ?? '');
}

function yamlContent(yaml: string): unknown[] {
  return parseAllDocuments(yaml, { merge: true }).map((document) => {
    expect(document.errors).toEqual([]);
    return document.toJS() as unknown;
  });
}

function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).toSorted((a, b) => a.localeCompare(b));
}

function readJson<Shape>(path: string): Shape {
  return JSON.parse(readFileSync(path, 'utf8')) as Shape;
}
