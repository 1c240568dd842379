import { expect, test } from 'vitest';
import { command, flag, later, list, needed, neededList, text } from '../../src/cli/command.ts';
import { CliError } from '../../src/cli/errors.ts';
import { inOurWords, parse, type Asked, type Table } from '../../src/cli/shell/parse.ts';
import { programFor } from '../../src/cli/program.ts';

const crossgap = await programFor([]);

const nothing = async () => ({});
const table: Table = {
  name: 'tool',
  about: 'A tool',
  version: '1.2.3',
  families: { thing: 'Things' },
  commands: [
    command({
      path: 'thing make',
      about: 'Make one',
      example: 'tool thing make A --tag x',
      args: { NAME: needed('NAME', 'name'), FILE: neededList('FILE', 'files') },
      options: { tag: list('T', 'tags'), 'out-file': text('F', 'out'), force: flag('force') },
      run: nothing,
    }),
    command({ path: 'look', about: 'Look', example: 'tool look', args: {}, options: {}, run: nothing }),
    later('dream', 'Not yet'),
  ],
};

function asked(...argv: string[]): Exclude<Asked, { show: string }> {
  const found = parse(table, argv);
  if ('show' in found) throw new Error(found.show);
  return found;
}

function refusal(...argv: string[]): CliError {
  try {
    parse(table, argv);
  } catch (error) {
    if (error instanceof CliError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

test('arguments and options arrive under the names they were declared with', () => {
  const { args, options } = asked(
    'thing',
    'make',
    'n',
    'a',
    'b',
    '--tag',
    'x',
    'y',
    '--out-file',
    'o',
    '--force',
  );
  expect(args).toEqual({ NAME: 'n', FILE: ['a', 'b'] });
  expect(options).toEqual({ tag: ['x', 'y'], 'out-file': 'o', force: true });
});

test.each([
  [['--data', 'd', '--json', 'look']],
  [['look', '--data', 'd', '--json']],
  [['--data', 'd', 'look', '--json']],
])('data folder and json are read wherever they stand: %j', (argv) => {
  expect(asked(...argv)).toMatchObject({ folder: 'd', json: true });
});

test('of two data folders the one nearer to the command counts', () => {
  expect(asked('--data', 'far', 'look', '--data', 'near').folder).toBe('near');
});

test('an option of a command may have the name of one of the program', () => {
  expect(() => parse(crossgap, ['package', 'pack', 'f', '--id', 'A', '--version', '1.0.0'])).not.toThrow();
  expect(parse(table, ['--version'])).toEqual({ show: '1.2.3\n' });
});

test('a command that is not there is refused with the nearest one', () => {
  expect(refusal('lok')).toMatchObject({
    code: 'USAGE_INVALID',
    exitCode: 2,
    hint: 'Did you mean look? See `tool --help`.',
  });
  expect(refusal('thing', 'mak')).toMatchObject({ hint: 'Did you mean make? See `tool thing --help`.' });
});

test('an option that is not there is refused with the nearest one', () => {
  const error = refusal('thing', 'make', 'a', 'b', '--forse');
  expect(error.message).toBe('Cannot understand `tool thing make`: there is no option --forse');
  expect(error.hint).toBe('Did you mean --force? See `tool thing make --help`.');
});

test('an option that takes no value is not told as one that is not there', () => {
  const error = refusal('thing', 'make', 'a', 'b', '--force=no');
  expect(error.message).toBe('Cannot understand `tool thing make`: --force takes no value');
});

test.each([
  [['thing', 'make'], 'NAME'],
  [['thing', 'make', 'a'], 'FILE'],
])('an argument that lacks is named: %j', (argv, name) => {
  expect(refusal(...argv).message).toContain(`${name} is missing`);
});

test('too many arguments are refused', () => {
  expect(refusal('look', 'there').message).toBe(
    'Cannot understand `tool look`: it takes no arguments, and more was given',
  );
});

test.each([
  [['thing', 'make', 'a', 'b', '--tags', 'x'], '--tag'],
  [['thing', 'make', 'a', 'b', '--out', 'x'], '--out-file'],
  [['deploy', '1.0.0', '--environment', 'test'], '--env'],
  [['run', '--port', '1'], '--listen'],
])('an option that is called otherwise elsewhere is known: %j', (argv, meant) => {
  const of = argv[0] === 'thing' ? table : crossgap;
  expect(() => parse(of, argv)).toThrow(expect.objectContaining({ details: { nearest: meant } }));
});

test('what an option that is not there was given is not repeated', () => {
  expect(refusal('thing', 'make', 'a', 'b', '--word=hunter2').message).not.toContain('hunter2');
});

test('an environment in the place of an option is led to it', () => {
  expect(() => parse(crossgap, ['deploy', '1.0.0', 'test'])).toThrow(
    expect.objectContaining({ details: { lacking: 'env' } }),
  );
});

test.each([
  [['help'], ['--help']],
  [
    ['help', 'look'],
    ['look', '--help'],
  ],
  [['version'], ['--version']],
  [['-v'], ['--version']],
  [
    ['look', '-v'],
    ['look', '-v'],
  ],
  [
    ['--data', 'd', '--json', 'version'],
    ['--data', 'd', '--json', '--version'],
  ],
  [
    ['--data=help', 'help', 'look'],
    ['--data=help', 'look', '--help'],
  ],
])('%j is %j in our words', (typed, meant) => {
  expect(inOurWords(typed)).toEqual(meant);
});

test('without a command the ones there are are named', () => {
  expect(refusal().hint).toBe('Name one of: thing, look; see `tool --help`.');
  expect(refusal('thing').hint).toBe('Name one of: make; see `tool thing --help`.');
});

test('a command of a later version takes whatever it is given', () => {
  expect(asked('dream', 'of', '--sheep', '3').command.kind).toBe('later');
});

test('the help of a command of a later version says so', () => {
  const { show } = parse(table, ['dream', '--help']) as { show: string };
  expect(show).toMatch(/^This is not in this version yet\./);
});

test('help is shown for the program, a family and a command, with an example', () => {
  const help = (...argv: string[]): string => (parse(table, [...argv, '--help']) as { show: string }).show;
  expect(help()).toMatch(/thing +Things: make\n/);
  expect(help()).toMatch(/Not in this version:\n +dream/);
  expect(help('thing')).toContain('make NAME FILE…');
  expect(help('thing', 'make')).toContain('Example:\n  tool thing make A --tag x');
  expect(help('thing', 'make')).toContain('--data <DIR>');
});

const ready = crossgap.commands.filter(({ kind }) => kind === 'ready');

test.each(ready.map((one) => [one.path, one] as const))(
  'the example of `%s` is a call of it',
  (path, one) => {
    const words = [...one.example.matchAll(/"([^"]*)"|\S+/g)].map(([whole, quoted]) => quoted ?? whole);
    const cut = words.findIndex((word) => word === '<' || word === '>');
    const found = parse(crossgap, words.slice(1, cut === -1 ? undefined : cut));
    expect(words[0]).toBe('crossgap');
    expect('command' in found && found.command.path).toBe(path);
  },
);

test('help fits into 80 columns, examples apart, which are copied', () => {
  const words = ready.flatMap(({ path }) => [path.split(' '), path.split(' ').slice(0, -1)]);
  const texts = words.map((path) => (parse(crossgap, [...path, '--help']) as { show: string }).show);
  const lines = texts.flatMap((text) => text.split('\nExample:')[0]!.split('\n'));
  expect(lines.filter((line) => line.length > 80)).toEqual([]);
});

test('every family of commands says what it is for', () => {
  const families = crossgap.commands.flatMap(({ path }) => (path.includes(' ') ? [path.split(' ')[0]!] : []));
  expect([...new Set(families)].filter((family) => !(family in crossgap.families))).toEqual([]);
});
