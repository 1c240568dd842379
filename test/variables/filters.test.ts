import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { expand, VariableError, VariableSet } from '../../src/variables/index.ts';

/** Filter, input, options, and what .NET 10 makes of them: null where it can't, `refused` where it throws. */
type Row = readonly [filter: string, input: string, options: readonly string[], expected: string | null];

const file = join(import.meta.dirname, '../vectors/octostache/filters.json');
const rows = JSON.parse(readFileSync(file, 'utf8')) as Row[];
vi.stubEnv('TZ', 'UTC');

/** Options come from variables, since not every one can stand between quotes. */
function filtered(filter: string, input: string, options: readonly string[]): string | null {
  const variables = new VariableSet([['In', input], ...options.map((one, n) => [`O${n}`, one] as const)]);
  const written = options.map((_, n) => `#{O${n}}`).join('');
  try {
    const { text, missing } = expand(`#{In | ${filter} ${written}}`, variables);
    return missing.length === 0 ? text : null;
  } catch (error) {
    if (error instanceof VariableError && error.code === 'TEMPLATE_VALUE_UNFIT') return 'refused';
    throw error;
  }
}

describe('a filter gives what .NET gives', () => {
  test.each([...new Set(rows.map(([filter]) => filter))])('%s', (filter) => {
    const differing = rows
      .filter((row) => row[0] === filter)
      .map(([, input, options, expected]) => ({
        input,
        options,
        expected,
        got: filtered(filter, input, options),
      }))
      .filter(({ expected, got }) => got !== expected);
    expect(differing).toEqual([]);
  });
});

describe('a filter', () => {
  test.each([
    ['#{W | Append}', null],
    ['#{ | Append a "b" c}', 'abc'],
    ['#{W | Prepend #{W}"-"}', 'abc-abc'],
    ['#{W | Substring 1 1}', 'b'],
    ['#{W | Substring 3}', 'abc'],
    ['#{W | Substring 3 0}', ''],
    ['#{W | Substring 4 0}', null],
    ['#{W | Substring 1 2147483647}', 'refused'],
    ['#{W | Truncate 0}', '...'],
    ['#{W | Trim start x}', 'abc'],
    ['#{W | ToBase64 latin1}', null],
    ['#{W | FromBase64 latin1}', 'refused'],
    ['#{W | Sha256 4 5}', null],
    ['#{W | Sha1 utf8 4}', 'a9993e36'],
    ['#{W | Md5 unicode unicode}', null],
    ['#{W | Format}', null],
    ['#{W | Format number N2}', null],
    ['#{Date | AddDays "0.5"}', '2031-01-01T12:00:00.0000000'],
    ['#{Date | AddDays "1,000"}', null],
    ['#{Date | AddHours "1e1"}', '2031-01-01T10:00:00.0000000'],
    ['#{Date | AddDays 9999999}', null],
    [
      '#{V | VersionMajor}.#{V | VersionPatch}-#{V | VersionPreRelease}+#{V | VersionMetadata}',
      '1.3-rc-1.x+b',
    ],
    ['#{W | VersionMajor}', '0'],
    ['#{Bad | VersionMajor}', 'refused'],
    ['#{W | hTmLeScApE}', 'abc'],
    ['#{W | NoSuch}', null],
    ['#{Case | ToUpper}|#{Case | ToLower}', 'ß ΑΣ ı İ ﬁ \u212a Ω|ß ασ ı İ ﬁ k ω'],
  ])('%s', (text, expected) => {
    const variables = new VariableSet([
      ['W', 'abc'],
      ['Date', '2031-01-01'],
      ['V', ' v01.2.3-rc-1.x+b '],
      ['Bad', '1.2.99999999999'],
      ['Case', 'ß ΑΣ ı İ ﬁ \u212a ω'],
    ]);
    let got: string | null;
    try {
      const result = expand(text, variables);
      got = result.missing.length === 0 ? result.text : null;
    } catch (error) {
      expect(error).toMatchObject({ code: 'TEMPLATE_VALUE_UNFIT' });
      got = 'refused';
    }
    expect(got).toBe(expected);
  });

  test('that refuses tells the token and never the value, which may be a secret', () => {
    const variables = new VariableSet([['Key', 'hunter2 hunter2']]);
    expect(() => expand('#{Key | FromBase64}', variables)).toThrow(/#\{Key \| FromBase64\}/);
    expect(() => expand('#{Key | FromBase64}', variables)).not.toThrow(/hunter2/);
  });

  test('of the clock tells the present, and is asked anew each time', () => {
    const variables = new VariableSet([['Now', '#{ | NowDateUtc}']]);
    expect(variables.get('Now')).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z$/);
    vi.useFakeTimers({ now: Date.UTC(2031, 0, 2) });
    expect(expand('#{Now}', variables).text).toBe('2031-01-02T00:00:00.0000000Z');
    vi.setSystemTime(Date.UTC(2031, 0, 3));
    expect(expand('#{Now}', variables).text).toBe('2031-01-03T00:00:00.0000000Z');
    vi.useRealTimers();
  });
});
