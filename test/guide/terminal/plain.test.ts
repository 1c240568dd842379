import { PassThrough, Writable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { startGuide, type ScriptStanding } from '../../../src/guide/index.ts';
import { showGuide } from '../../../src/guide/terminal/index.ts';
import { linesOf } from '../../../src/guide/terminal/lines-of.ts';
import {
  aWait,
  fakeSite,
  theSecret,
  theSet,
  theWords,
  type FakeFacts,
  type FakeSite,
} from '../support/fake-site.ts';
import { asked } from '../support/walking.ts';

type Session = { readonly site: FakeSite; readonly exitCode: number; readonly seen: string };

/** Somebody at a terminal of plain lines who types these, one after the other, and hangs up then. */
async function types(lines: readonly string[], facts: FakeFacts = {}): Promise<Session> {
  const site = fakeSite(facts);
  const input = new PassThrough();
  let seen = '';
  const output = new Writable({
    write(chunk: Buffer, _encoding, done) {
      seen += chunk.toString();
      done();
    },
  });
  input.end(lines.map((line) => `${line}\n`).join(''));
  const guide = startGuide(site, asked);
  const { exitCode } = await showGuide(guide, { input, output, isPlain: true, hasColour: true });
  return { site, exitCode, seen };
}

const toTheInputs = ['', theWords, '', '', ...Array.from({ length: 3 }, () => 'q'), ''];

test('a whole installation is typed as lines, and no secret is seen', async () => {
  const { site, exitCode, seen } = await types([
    '',
    theWords,
    '',
    '',
    'q',
    '',
    theSecret,
    '',
    '8443',
    '1',
    '',
    '',
    '',
    'q',
    '',
    '2',
  ]);
  expect(seen).toContain('3.2.0 is installed');
  expect(exitCode).toBe(0);
  expect(site.kept).toEqual({
    'ConnectionStrings.Main': theSecret,
    'Site.Port': '8443',
    'Log.Level': 'Debug',
  });
  expect(seen).not.toContain('geheim');
});

test('nothing moves the cursor, colours a word or is wider than the terminal', async () => {
  const { seen } = await types(toTheInputs);
  // oxlint-disable-next-line no-control-regex -- it is what must not be there
  expect(seen).not.toMatch(/[\u001b\r\b]/);
  for (const line of seen.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
});

test('a page of which more is known after a while has its heading again only where that is more than a screen', async () => {
  const { seen } = await types([...toTheInputs, theSecret, '', '', '', '', '']);
  expect(seen.match(/^Is this machine ready \(page/gm)).toHaveLength(1);
  expect(seen.match(/^Orders 3\.2\.0 \(page/gm)).toHaveLength(2);
});

test('what belongs to names stands in one column, but for names that are too long for it', () => {
  const facts = [
    ['Port', '8080'],
    ['Port of the line terminal', '8081'],
    ['A name that is longer than half of most terminals', 'x'],
  ] as const;
  const page = { id: 'a', title: 'A', place: null, blocks: [{ kind: 'facts', facts }] } as const;
  const bare = { ...page, fields: [], actions: [], mustChoose: false, isBusy: false } as const;
  const lines = linesOf(bare, { columns: 80, hasColour: false });
  expect(lines.slice(-4)).toEqual([
    `Port:${' '.repeat(23)}8080`,
    'Port of the line terminal:  8081',
    'A name that is longer than half of most terminals:',
    `${' '.repeat(28)}x`,
  ]);
});

test('a number that is no choice is asked for again', async () => {
  const { seen, exitCode } = await types(['7', 'x', '2']);
  expect(seen.match(/Type a number from 1 to 2\./g)).toHaveLength(2);
  expect(exitCode).toBe(3);
});

test('a terminal that is gone leaves things as they were', async () => {
  const { site, exitCode } = await types(['', theWords, '']);
  expect(exitCode).toBe(3);
  expect(site.asked.some((one) => /^(?:run|keep)/.test(one))).toBe(false);
});

test('where a person must decide Enter chooses nothing', async () => {
  const open = {
    deployment: 'd-0',
    kind: 'install',
    state: 'interrupted',
    number: '3.2.0',
    at: null,
    done: [],
    error: null,
    wait: null,
  } as const;
  const { site, seen } = await types(['', '', '', '1'], {
    maker: { believed: true },
    standing: { open },
  });
  expect(seen.match(/Type a number/g)).toHaveLength(2);
  expect(site.asked).toContain('run resume d-0');
});

test('only what was wrong is asked again, and what was typed can be changed', async () => {
  const { seen } = await types(['', 'amber', '', '', theWords, '2', '', '', '1']);
  expect(seen).toContain('Problem: Cannot believe acme: these are not its words');
  expect(seen.match(/Or a certificate file/g)).toHaveLength(2);
  expect(seen).toContain('Orders 3.2.0 (page 1 of 5)');
});

test('a field that need not be filled is emptied by a dash', async () => {
  const both = ['', theWords, 'acme.pem', ''];
  const { seen, site } = await types([...both, '-', '', 'q', '2']);
  expect(seen).toContain('Problem: Give one of the two, not both');
  expect(seen).toContain('Or a certificate file [acme.pem; - empties it]: ');
  expect(site.asked).toContain('believe');
});

describe('J2.15: scripts that are to be approved', () => {
  const unapproved: ScriptStanding = {
    where: 'step Stop service',
    language: 'bash',
    from: 'the process',
    digest: '2b'.repeat(32),
    text: Array.from({ length: 60 }, (_, at) => `echo line ${at + 1}`).join('\n'),
    remark: null,
    approval: null,
    before: null,
    isNew: true,
  };
  const facts = {
    maker: { believed: true },
    standing: { scripts: [unapproved], consent: { set: theSet, isAsked: true } },
  } as const;
  const readAll = Array.from({ length: 4 }, () => '');

  test('can be approved once they were shown, and not where they were passed over', async () => {
    const { seen, site } = await types(['', 'q', '1', ...readAll, '1', 'M. Example', 'ticket 4711'], facts);
    const [passedOver = '', read = ''] = seen.split('1  Read on');
    expect(passedOver).not.toContain('echo line 60');
    expect(passedOver).not.toContain('Approve');
    expect(read.indexOf('echo line 60')).toBeLessThan(read.indexOf('1  Approve this script and go on'));
    expect(read.match(/echo line/g)).toHaveLength(60 - (passedOver.match(/echo line/g)?.length ?? 0));
    expect(site.asked).toContain('approve M. Example ticket 4711');
  });

  test('are approved by a name that is asked for then, and again where none was typed', async () => {
    const { seen, site } = await types(['', ...readAll, '1', '', '', 'M. Example', '1'], facts);
    expect(seen.indexOf('Your name (needed): ')).toBeGreaterThan(seen.indexOf('1  Approve this script'));
    expect(seen).toContain('Problem: Your name is needed');
    expect(site.asked).toContain('approve M. Example');
  });
});

test('a step that a person does is decided first, and signed then', async () => {
  const open = {
    deployment: 'd-0',
    kind: 'install',
    state: 'waiting',
    number: '3.2.0',
    at: null,
    done: [],
    error: null,
    wait: aWait,
  } as const;
  const { seen, site } = await types(['', '1', '1', 'M. Example', 'ticket 4711'], {
    maker: { believed: true },
    standing: { open },
  });
  expect(seen.indexOf('Your name (needed): ')).toBeGreaterThan(seen.indexOf('1  It is done'));
  expect(site.decisions).toEqual([{ answer: 'approve', by: 'M. Example', note: 'ticket 4711' }]);
});

test('what was wrong with a field is not told any more once it is mended', async () => {
  const { seen } = await types(['', 'amber', '', '', theWords, '2', '', '', '3']);
  expect(seen.match(/Problem: Cannot believe acme/g)).toHaveLength(1);
});

test('a digest is not broken: where it does not fit beside its name it stands below', () => {
  const facts = [
    ['SHA-256', 'ab'.repeat(32)],
    ['Words of this site', 'amber'],
  ] as const;
  const page = { id: 'a', title: 'A', place: null, blocks: [{ kind: 'facts', facts }] } as const;
  const bare = { ...page, fields: [], actions: [], mustChoose: false, isBusy: false } as const;
  expect(linesOf(bare, { columns: 80, hasColour: false }).slice(-3)).toEqual([
    'SHA-256:',
    `  ${'ab'.repeat(32)}`,
    'Words of this site:  amber',
  ]);
});

test('what a file says of itself gives the terminal no orders', async () => {
  const { seen } = await types(['', 'q'], {
    maker: { believed: true },
    release: { process: 'Orders\u001b[2J\u202e', notes: 'a\u001b]0;title\u0007' },
  });
  expect(seen).toContain('Orders\\u{1b}[2J\\u{202e}');
  // oxlint-disable-next-line no-control-regex -- it is what must not be there
  expect(seen).not.toMatch(/[\u001b\u0007\u202e]/);
});
