import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { transformXml } from '../../../src/config-files/index.ts';
import { sharedVectors } from '../../support/shared-vectors.ts';

type Case = {
  readonly name: string;
  readonly dir: string;
  readonly description: string;
  readonly compare: 'bytes' | 'canonical';
  readonly fatal?: boolean;
  readonly events?: readonly object[];
  readonly log?: string;
};

const own = join(import.meta.dirname, '../../vectors/xdt');
const beside = sharedVectors('xdt');

describe('an XML transform gives the bytes and messages of the reference library:', () => {
  test.each(casesOf(own, 'own/'))('$description', (one) => judge(own, one));

  test.each(beside === undefined ? [] : casesOf(beside, 'suite/'))('$description', (one) => {
    judge(beside!, one);
  });
});

function judge(home: string, one: Case): void {
  const read = (file: string): Buffer => readFileSync(join(home, one.dir, file));
  const log: string[] = [];
  const result = transformXml({
    source: { name: 'source.config', bytes: read('source.xml') },
    transform: { name: 'transform.config', bytes: read('transform.xml') },
    detail: (line) => log.push(line),
    message: ({ level, message, in: file, line, column }) => {
      log.push(`${file}.config (${line}, ${column}) ${level}: ${message}`);
    },
  });
  expect(
    result.messages.map(({ level, kind, in: file, line, column }) => ({
      level,
      kind,
      in: file,
      line,
      column,
    })),
  ).toEqual(one.events ?? []);
  expect(result.bytes === undefined).toBe(one.fatal === true);
  if (result.bytes !== undefined) {
    expect(one.compare).toBe('bytes');
    expect(Buffer.from(result.bytes).toString('latin1')).toBe(read('expected.xml').toString('latin1'));
  }
  if (one.log !== undefined) {
    expect(`\uFEFF${log.join('\n')}`).toBe(
      readFileSync(join(home, one.log), 'utf8').replaceAll('\r\n', '\n'),
    );
  }
}

function casesOf(home: string, under: string): readonly Case[] {
  const index = JSON.parse(readFileSync(join(home, 'index.json'), 'utf8')) as { cases: Case[] };
  return index.cases.filter(({ dir }) => dir.startsWith(under));
}
