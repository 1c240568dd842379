import { beforeAll, expect, test } from 'vitest';
import { makeVendor, type Company } from './company.ts';
import { memory } from '../support/in-memory.ts';
import { freshFolder, type } from './typed.ts';

const root = freshFolder(memory);
let acme: Company;

beforeAll(async () => {
  acme = await makeVendor(root);
});

test.each(['deploy 1.0.0', 'deploy 1.0.0 integration', 'release check 1.0.0', 'rollback Orders'])(
  '`%s` without an environment says which there are',
  async (line) => {
    const answer = await acme.types(`${line} --json`);
    expect(answer).toMatchObject({ exitCode: 2, error: { code: 'USAGE_INVALID' } });
    expect(answer.error.hint).toContain('This side has the environments integration, broken.');
  },
);

test('an environment without its option is led to it', async () => {
  const answer = await acme.types('deploy 1.0.0 integration --json');
  expect(answer.error.hint).toContain('Did you mean --env integration?');
});

test.each([
  ['release check --env integration', 'The newest here: Orders/1.0.0.'],
  ['deployment log', 'Nothing was deployed here yet.'],
  ['feed show', 'There is no link yet'],
])('`%s` without what it is about says what there is', async (line, hint) => {
  expect((await acme.types(`${line} --json`)).error.hint).toContain(hint);
});

test('a release that is published to nobody is told which links there are', async () => {
  const answer = await acme.types('release publish 1.0.0 --json');
  expect(answer.error.hint).toContain('There is no link yet');
});

test('where no instance lives nothing is added', async () => {
  const answer = await type(['--data', `${root}/nowhere`, 'deploy', '1.0.0', '--json']);
  expect(answer.error).toMatchObject({ code: 'USAGE_INVALID' });
  expect(answer.error.hint).not.toContain('This side');
});
