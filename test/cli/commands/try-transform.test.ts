import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { sharedVectors } from '../../support/shared-vectors.ts';
import { freshFolder, type } from '../typed.ts';

const root = freshFolder();
const namespace = 'xmlns:xdt="http://schemas.microsoft.com/XML-Document-Transform"';
let count = 0;

/** A source and a transform on disk, and where the result goes. */
function files(source: string | Buffer, transforms: string): [string, string, string] {
  const named = (name: string): string => join(root, `${(count += 1)}-${name}`);
  const [sourceFile, transformFile] = [named('web.config'), named('web.Release.config')];
  writeFileSync(sourceFile, source);
  writeFileSync(transformFile, `<r ${namespace}>${transforms}</r>`);
  return [sourceFile, transformFile, named('out.config')];
}

const setOne = '<a v="2" xdt:Transform="SetAttributes"/>';

describe('try transform', () => {
  test('gives the bytes of the result, and touches neither input', async () => {
    const [source, transform] = files('<r><a v="1"/></r>', setOne);
    const answer = await type(['try', 'transform', source, transform]);
    expect(answer).toMatchObject({ exitCode: 0, stdout: '<r><a v="2"/></r>', stderr: '' });
    expect(readFileSync(source, 'utf8')).toBe('<r><a v="1"/></r>');
  });

  test('writes the result where --out says and tells warnings with their places', async () => {
    const [source, transform, out] = files('<r><a v="1"/></r>', `${setOne}<b xdt:Transform="Remove"/>`);
    const answer = await type(['--json', 'try', 'transform', source, transform, '--out', out]);
    expect(answer.exitCode).toBe(0);
    expect(answer.json).toEqual({
      warnings: [
        {
          level: 'warning',
          kind: 'no-match',
          message: "No element in the source document matches '/r/b'",
          in: 'transform',
          line: 1,
          column: 109,
        },
      ],
      errors: [],
    });
    expect(answer.stderr).toContain(`${transform} (1, 109): warning: No element`);
    expect(readFileSync(out, 'utf8')).toBe('<r><a v="2"/></r>');
  });

  test('ends with 6 where there are errors; what the other transforms made is written', async () => {
    const [source, transform, out] = files('<r><a v="1"/></r>', `<a xdt:Transform="Nope"/>${setOne}`);
    const answer = await type(['--json', 'try', 'transform', source, transform, '--out', out]);
    expect(answer.exitCode).toBe(6);
    expect(answer.json).toMatchObject({ warnings: [], errors: [{ kind: 'unknown-name' }] });
    expect(answer.error).toMatchObject({ code: 'TRANSFORM_FAILED', details: { errors: 1 } });
    expect(readFileSync(out, 'utf8')).toBe('<r><a v="2"/></r>');
  });

  test('writes nothing where the transform imports code', async () => {
    const [source, transform, out] = files('<r/>', '<xdt:Import path="x.dll" namespace="X"/>');
    const answer = await type(['--json', 'try', 'transform', source, transform, '--out', out]);
    expect(answer.exitCode).toBe(6);
    expect(answer.json).toMatchObject({ errors: [{ kind: 'import-load' }] });
    expect(existsSync(out)).toBe(false);
  });

  test.each([
    ['a source that is not well-formed', '<r>\n<a></r>', 'XML_NOT_WELL_FORMED'],
    ['bytes that are no UTF-8', Buffer.from([0x3c, 0x72, 0x2f, 0x3e, 0xff]), 'TEXT_NOT_DECODABLE'],
  ])('names %s, and writes nothing', async (_what, text, code) => {
    const [source, transform, out] = files(text, setOne);
    const answer = await type(['--json', 'try', 'transform', source, transform, '--out', out]);
    expect(answer.exitCode).toBe(6);
    expect(answer.json).toMatchObject({ warnings: [], errors: [{ kind: 'unreadable' }] });
    expect(answer.error.code).toBe(code);
    expect(answer.error.message).toContain(source);
    expect(existsSync(out)).toBe(false);
  });

  test('names a file that is not there, as misuse', async () => {
    const [source] = files('<r/>', '');
    const answer = await type(['try', 'transform', source, join(root, 'none.config')]);
    expect(answer.exitCode).toBe(2);
    expect(answer.stderr).toContain('none.config');
  });
});

type Case = {
  readonly name: string;
  readonly dir: string;
  readonly warning?: boolean;
  readonly error?: boolean;
  readonly fatal?: boolean;
};

const own = join(import.meta.dirname, '../../vectors/xdt');
const beside = sharedVectors('xdt');
const vectors = [...casesOf(own, 'own/'), ...(beside === undefined ? [] : casesOf(beside, 'suite/'))];

describe('the transform vectors, typed as a command', () => {
  test.each(vectors)('$name', async ({ name, folder, warning, error, fatal }) => {
    const out = join(root, `${name}.out.xml`);
    const [source, transform] = [join(folder, 'source.xml'), join(folder, 'transform.xml')];
    const answer = await type(['--json', 'try', 'transform', source, transform, '--out', out]);
    expect(answer.exitCode).toBe(error === true ? 6 : 0);
    const told = answer.json as { warnings: unknown[]; errors: unknown[] };
    expect([told.warnings.length > 0, told.errors.length > 0]).toEqual([warning === true, error === true]);
    expect(existsSync(out)).toBe(fatal !== true);
    if (fatal !== true)
      expect(readFileSync(out).equals(readFileSync(join(folder, 'expected.xml')))).toBe(true);
  });
});

function casesOf(home: string, under: string): readonly (Case & { readonly folder: string })[] {
  const index = JSON.parse(readFileSync(join(home, 'index.json'), 'utf8')) as { cases: Case[] };
  return index.cases
    .filter(({ dir }) => dir.startsWith(under))
    .map((one) => ({ ...one, folder: join(home, one.dir) }));
}
