import { expect, test } from 'vitest';
import { replayDifferences } from '../../src/cli/runs/replay-differences.ts';
import type { ForeseenStep } from '../../src/executor/index.ts';
import type { StepView } from '../../src/projections/index.ts';

type Line = StepView['conventions'][number];

const recorded = (...conventions: Line[]): StepView[] => [
  { id: 'web', name: 'Web', state: 'succeeded', conventions, outputs: {} },
];
const repeated = (...conventions: Line[]): ForeseenStep[] => [
  {
    id: 'web',
    name: 'Web',
    state: 'runs',
    conventions: conventions as ForeseenStep['conventions'],
    transforms: [],
    noValue: [],
    noFile: [],
    scripts: [],
    transformsUnused: [],
    namedLikeFeatures: [],
    warnings: [],
  },
];
const line = (more: Partial<Line>): Line => ({
  number: 5,
  name: 'SubstituteInFiles',
  state: 'done',
  ...more,
});

test.each<[string, Partial<Line>, Partial<Line>]>([
  ['the same line', { files: ['a'], detail: 'x' }, { files: ['a'], detail: 'x' }],
  ['a masked value stands for any', { detail: 'to /srv/******** now' }, { detail: 'to /srv/‹Folder› now' }],
  ['a list that was cut', { files: ['a', '… and 2 more'] }, { files: ['a', 'b', 'c'] }],
  ['a text that was cut', { detail: 'no value for #{A…' }, { detail: 'no value for #{A}, #{B}' }],
  [
    'what a feature came to',
    { number: 11, detail: 'nginx: reloaded' },
    { number: 11, detail: 'nginx acts here' },
  ],
  [
    'how many files were purged',
    { number: 8, detail: '3 files purged' },
    { number: 8, detail: '0 files purged' },
  ],
  ['how far it came', { state: 'not-run' }, { state: 'done' }],
])('%s is no difference', (_, one, other) => {
  expect(replayDifferences(recorded(line(one)), repeated(line(other)), 'everything')).toEqual([]);
});

test.each<[string, Partial<Line>, Partial<Line>]>([
  ['another state', { state: 'done' }, { state: 'nothing-to-do' }],
  ['another file', { files: ['a'] }, { files: ['b'] }],
  ['a file more', { files: ['a'] }, { files: ['a', 'b'] }],
  ['another number of files', { files: ['a', '… and 2 more'] }, { files: ['a', 'b'] }],
  ['another text', { detail: 'x' }, { detail: 'y' }],
  ['another text around what is masked', { detail: 'to ******** now' }, { detail: 'to x later' }],
])('%s is one', (_, one, other) => {
  expect(replayDifferences(recorded(line(one)), repeated(line(other)), 'everything')).toMatchObject([
    { step: 'Web', convention: 5 },
  ]);
});

test('of a report only states and files are compared, up to what failed', () => {
  const report = recorded(line({ detail: 'x' }), line({ number: 10, state: 'failed' }));
  const failed = report.map((step) => ({ ...step, state: 'failed' }));
  const again = repeated(line({ detail: 'y' }), line({ number: 10 }));
  expect(replayDifferences(failed, again, 'states-and-files')).toEqual([]);
  const wrong = repeated(line({ state: 'nothing-to-do' }), line({ number: 10 }));
  expect(replayDifferences(failed, wrong, 'states-and-files')).toHaveLength(1);
});

test('a step that is another one ends the comparison', () => {
  const other = repeated(line({})).map((step) => ({ ...step, id: 'other', name: 'Other' }));
  expect(replayDifferences(recorded(line({})), other, 'everything')).toEqual([
    { step: 'Web', convention: null, recorded: 'step web', repeated: 'step Other' },
  ]);
});

test('what was struck out, and what followed a failure that no report explains, is no difference', () => {
  const struck: StepView = { id: '', name: '', state: 'struck', conventions: [], outputs: {} };
  const after = line({ number: 'F', name: 'DeployFailed' });
  const seen = [struck, { ...recorded(line({}), after)[0]!, state: 'failed' }];
  const again = [...repeated(line({})), ...repeated(line({}))];
  expect(replayDifferences(seen, again, 'states-and-files')).toEqual([]);
  expect(replayDifferences(seen, again, 'everything')).toHaveLength(1);
  const line5 = [struck, ...recorded(line({ state: 'struck' }))];
  expect(replayDifferences(line5, again, 'everything')).toEqual([]);
});
