import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { makeInstance, type Company } from '../company.ts';
import { memory } from '../../support/in-memory.ts';
import { freshFolder, type Answer, type Person } from '../typed.ts';

const root = freshFolder(memory);
const processText =
  'process: Orders\ninputs: { Port: { type: port, default: 8080 } }\nsteps:\n  - name: Hello\n    run: { bash: "echo hello" }\n';
let companies: { acme: Company; site: Company; other: Company };
let words: { acme: string; site: string; other: string };
/** What acme made for a site that nobody has met, and what that site sent home. */
let brought: { readonly medium: string; readonly home: string };
let acme: Person;
let count = 0;

const wordsOf = async (one: Person): Promise<string> =>
  (await one.asks<{ instance: { fingerprint: string } }>('status')).instance.fingerprint;
const refused = (answer: Answer, exitCode: number, code: string): Answer => {
  expect(answer).toMatchObject({ exitCode, error: { code } });
  return answer;
};
const fileIn = (folder: string): string =>
  join(
    folder,
    readdirSync(folder).find((name) => name.startsWith('cg'))!,
  );

/** Takes a bundle in at a site, and sends home what came of it; of a deployment too, where one is asked for. */
async function atSite(site: Person, medium: string, home: string, deploys: boolean): Promise<void> {
  await site.asks(['link', 'accept', fileIn(medium), '--fingerprint', words.acme]);
  await site.asks(['bundle', 'import', medium]);
  if (deploys) {
    await site.asks('environment add production');
    await site.asks('deploy 1.0.0 --env production --wait');
  }
  await site.asks(['bundle', 'export', '--to', 'acme', '--out', home]);
}

beforeAll(async () => {
  companies = {
    acme: await makeInstance(root, 'acme'),
    site: await makeInstance(root, 'site'),
    other: await makeInstance(root, 'other'),
  };
  words = {
    acme: await wordsOf(companies.acme),
    site: await wordsOf(companies.site),
    other: await wordsOf(companies.other),
  };
  const file = join(root, 'orders.yaml');
  writeFileSync(file, processText);
  await companies.acme.asks(['process', 'publish', file]);
  await companies.acme.asks('release create Orders 1.0.0');
  await companies.acme.asks(['link', 'invite', 'plant', '--by-hand', '--out', join(root, 'invitation')]);
  brought = { medium: join(root, 'medium'), home: join(root, 'home') };
  await companies.acme.asks('release publish 1.0.0 --to plant');
  await companies.acme.asks(['bundle', 'export', '--to', 'plant', '--out', brought.medium]);
  await atSite(companies.site, brought.medium, brought.home, true);
});

beforeEach(() => {
  count += 1;
  acme = companies.acme.copy(`acme-${count}`);
});

const at = (name: string): string => {
  const folder = join(root, `test-${count}`);
  mkdirSync(folder, { recursive: true });
  return join(folder, name);
};

describe('J2.9 a bundle for a site that nobody has met', () => {
  test('is readable by whoever has the file, and every command that leads to it says so', async () => {
    await acme.asks(['link', 'invite', 'mill', '--by-hand', '--out', at('invitation')]);
    const plan = await acme.types('release publish 1.0.0 --to mill --plan');
    expect(plan).toMatchObject({ exitCode: 0 });
    expect(plan.stdout).toContain('readable by whoever has the file');
    expect(await acme.asks('release publish 1.0.0 --to mill --plan')).toMatchObject({
      receivers: [{ customer: 'mill', open: true, inTheWay: null }],
    });
    const published = await acme.types('release publish 1.0.0 --to mill');
    expect(published.stdout).toContain('readable by whoever has the file');
    const made = await acme.types(['bundle', 'export', '--to', 'mill', '--out', at('medium')]);
    expect(made.stdout).toContain('OPEN: mill has not answered the invitation yet');
    const inspected = await acme.types(['bundle', 'inspect', at('medium')]);
    expect(inspected.stdout).toContain('OPEN: made for whoever answers the invitation in it');
    expect(await acme.asks(['bundle', 'inspect', at('medium')])).toMatchObject({
      to: 'mill',
      complete: true,
      sealed: false,
      words: { from: words.acme, to: null },
    });
    expect(await acme.asks('bundle list mill')).toMatchObject([{ bundle: 1, sealed: false }]);
    expect((await acme.types('bundle export --to mill --preview')).stdout).toContain('OPEN: mill');
    expect(await acme.asks('bundle export --to mill --preview')).toMatchObject({
      to: 'mill',
      sealed: false,
      entries: [{}, {}],
    });
  });

  test('is not made before anything was published there', async () => {
    await acme.asks(['link', 'invite', 'mill', '--by-hand', '--out', at('invitation')]);
    const answer = await acme.types(['bundle', 'export', '--to', 'mill', '--out', at('medium'), '--json']);
    refused(answer, 3, 'LINK_NOT_CONFIRMED');
    expect(answer.error.hint).toContain('crossgap release publish R --to mill');
  });

  test('is refused where its invitation was not taken in, and the command that is told then does it', async () => {
    const other = companies.other.copy(`other-${count}`);
    const early = refused(
      await other.types(['bundle', 'import', brought.medium, '--json']),
      4,
      'BUNDLE_SENDER_UNKNOWN',
    );
    expect(early.error.message).toContain(words.acme);
    const told = /crossgap (link accept \S+ --fingerprint)/.exec(early.error.hint)?.[1];
    const wrong = await other.types([...told!.split(' '), words.site, '--json']);
    refused(wrong, 4, 'FINGERPRINT_DIFFERS');
    expect(await other.asks<unknown[]>('link list')).toEqual([]);
    const accepted = await other.types([...told!.split(' '), words.acme]);
    expect(accepted.stdout).toContain('Link acme is confirmed');
    expect(accepted.stdout).toContain('the next one back is the reply');
    expect(await other.asks('link list')).toMatchObject([
      { state: 'confirmed', transport: 'bundles by hand' },
    ]);
    expect((await other.types(['bundle', 'import', brought.medium])).stdout).toContain(
      'acme:Orders/1.0.0 is offered',
    );
  });

  test('without words stays pending: its offer is listed, and nothing of it is done', async () => {
    const other = companies.other.copy(`other-${count}`);
    await other.asks(['link', 'accept', brought.medium]);
    await other.asks(['bundle', 'import', brought.medium]);
    await other.asks('environment add production');
    refused(await other.types('deploy 1.0.0 --env production --wait --json'), 3, 'LINK_NOT_CONFIRMED');
  });
});

describe('taking an invitation in from what brings none', () => {
  const accepts = (what: string, ...more: string[]): Promise<Answer> =>
    companies.other.copy(`other-${count}`).types(['link', 'accept', what, ...more, '--json']);

  test('a bundle that is sealed is refused', async () => {
    const answer = refused(await accepts(brought.home), 4, 'INVITATION_INVALID');
    expect(answer.error.message).toContain('it is sealed to acme');
  });

  test('a file of another kind, or one that is not there, is refused as no invitation', async () => {
    writeFileSync(at('other.txt'), 'hello');
    refused(await accepts(at('other.txt'), '--out', at('reply')), 4, 'INVITATION_INVALID');
    expect((await accepts(at('nothing'), '--out', at('reply'))).error.code).toBe('FILE_NOT_READABLE');
  });

  test('a bundle with a changed byte in front is refused', async () => {
    const bytes = readFileSync(fileIn(brought.medium));
    bytes[500] = bytes[500]! ^ 1;
    writeFileSync(at('changed'), bytes);
    refused(await accepts(at('changed')), 4, 'BUNDLE_FRONT_DAMAGED');
  });

  test('a folder with bundles for two sites is refused: one of them has to be named', async () => {
    await acme.asks(['link', 'invite', 'mill', '--by-hand', '--out', at('invitation')]);
    await acme.asks('release publish 1.0.0 --to mill');
    cpSync(brought.medium, at('both'), { recursive: true });
    await acme.asks(['bundle', 'export', '--to', 'mill', '--out', at('both')]);
    const answer = refused(await accepts(at('both')), 2, 'USAGE_INVALID');
    expect(answer.error.message).toContain('plant');
    expect(answer.error.message).toContain('mill');
  });

  test('the own bundle is refused', async () => {
    refused(await acme.types(['link', 'accept', brought.medium, '--json']), 2, 'INVITATION_OWN');
  });

  test('a file alone needs a place for the reply', async () => {
    refused(await accepts(join(root, 'invitation')), 2, 'USAGE_INVALID');
  });
});

describe('J2.17 the result of such a site', () => {
  test('answers: its report is shown, marked until the words were compared', async () => {
    const answer = await acme.types(['bundle', 'import', brought.home]);
    expect(answer).toMatchObject({ exitCode: 0 });
    expect(answer.stdout).toContain('it answers the invitation of plant');
    expect(answer.stdout).toContain('crossgap link confirm plant --fingerprint "WORDS"');
    expect(answer.stdout).not.toContain('The receipt goes back');
    expect((await acme.types('link list')).stdout).toContain('pending, words not compared');
    for (const view of ['fleet', 'status'])
      expect((await acme.types(view)).stdout).toContain('plant (words not compared)');
    expect(await acme.asks('fleet')).toMatchObject([
      { customer: 'plant', compared: false, environment: 'production', release: '1.0.0', state: 'succeeded' },
    ]);
    expect(await acme.asks(['bundle', 'import', brought.home])).toMatchObject({
      bundles: [{ outcome: 'nothing new', answered: false }],
    });
    const wrong = await acme.types(['link', 'confirm', 'plant', '--fingerprint', words.other, '--json']);
    refused(wrong, 4, 'FINGERPRINT_DIFFERS');
    await acme.asks(['link', 'confirm', 'plant', '--fingerprint', words.site]);
    expect((await acme.types('fleet')).stdout).not.toContain('not compared');
  });

  test('leaves the link without anything new until its words were compared', async () => {
    await acme.asks(['bundle', 'import', brought.home]);
    await acme.asks('release create Orders 2.0.0');
    refused(await acme.types('release publish 2.0.0 --to plant --json'), 3, 'LINK_NOT_CONFIRMED');
    refused(await acme.types('input set Port --for plant --json', { input: '80' }), 3, 'LINK_NOT_CONFIRMED');
    await acme.asks(['link', 'confirm', 'plant', '--fingerprint', words.site]);
    await acme.asks('release publish 2.0.0 --to plant');
    const made = await acme.types(['bundle', 'export', '--to', 'plant', '--out', at('next')]);
    expect(made.stdout).toContain(`sealed to site (${words.site})`);
    const site = companies.site.copy(`site-${count}`);
    expect(await site.asks(['bundle', 'import', at('next')])).toMatchObject({
      offered: ['acme:Orders/2.0.0'],
    });
  });

  test('of a second instance with the same bundle is refused, and both words are named', async () => {
    const other = companies.other.copy(`other-${count}`);
    await atSite(other, brought.medium, at('home'), false);
    await acme.asks(['bundle', 'import', brought.home]);
    const answer = refused(
      await acme.types(['bundle', 'import', at('home'), '--json']),
      4,
      'BUNDLE_LINK_ANSWERED',
    );
    expect(answer.error.message).toContain(words.site);
    expect(answer.error.message).toContain(words.other);
    expect(await acme.asks('link list')).toMatchObject([{ name: 'plant', words: words.site }]);
  });

  test('of a link that was removed is refused by that name', async () => {
    await acme.asks('link remove plant');
    const answer = refused(
      await acme.types(['bundle', 'import', brought.home, '--json']),
      4,
      'BUNDLE_SENDER_UNKNOWN',
    );
    expect(answer.error.message).toContain('link plant, which it names, was removed here');
  });
});
