import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { createUser } from '@nats-io/nkeys';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { makeInstance } from '../support/instances.ts';
import { natsServerPath } from '../support/nats-server.ts';
import { requires } from '../support/requires.ts';
import { memory } from '../support/in-memory.ts';
import { freshFolder, personAt, type Answer, type Person } from './typed.ts';

type Configured = {
  needs: string;
  customers: { names: string[]; nkey: string; links: string[] }[];
  files: { file: string; changed: boolean }[];
  remarks: string[];
};

const root = freshFolder(memory);
const url = 'tls://hub.acme.example:4222';
let words: { acme: string; contoso: string };
let acme: Person;
let contoso: Person;
let here: string;
let count = 0;

beforeAll(async () => {
  const wordsOf = async (name: string): Promise<string> => {
    using instance = await makeInstance(root, name, systemClock);
    return instance.identity.words;
  };
  words = { acme: await wordsOf('acme'), contoso: await wordsOf('contoso') };
});
beforeEach(() => {
  count += 1;
  here = join(root, `test-${count}`);
  mkdirSync(here);
  const copy = (name: string): Person => {
    const data = join(here, name);
    cpSync(join(root, name), data, { recursive: true });
    for (const folder of [data, join(data, 'keys')]) chmodSync(folder, 0o700);
    return personAt(data);
  };
  acme = copy('acme');
  contoso = copy('contoso');
});

const at = (name: string): string => join(here, name);
const invite = (...more: string[]): Promise<Answer> =>
  acme.types(['link', 'invite', 'contoso', '--out', at('invitation'), '--json', ...more]);
const accept = (...more: string[]): Promise<Answer> =>
  contoso.types(['link', 'accept', at('invitation'), '--out', at('reply'), '--json', ...more]);
const confirm = (reply = at('reply')): Promise<Answer> =>
  acme.types(['link', 'confirm', reply, '--fingerprint', words.contoso, '--json']);
const pair = async (): Promise<void> => {
  for (const answer of [await invite('--nats', url), await accept(), await confirm()])
    if (answer.exitCode !== 0) throw new Error(answer.stderr);
};
const configure = (...more: string[]): Promise<Configured> => acme.asks(['hub', 'config', ...more]);
const read = (name: string): Record<string, never> => JSON.parse(readFileSync(at(name), 'utf8')) as never;

describe('pairing over a NATS server', () => {
  test('takes the invitation, the reply and the words; the other side gives no address', async () => {
    expect(await invite('--nats', `${url},wss://hub.acme.example`)).toMatchObject({ exitCode: 0 });
    expect(read('invitation')).toMatchObject({
      hub: { urls: [url, 'wss://hub.acme.example:443'], ca: expect.stringContaining('BEGIN CERTIFICATE') },
    });
    const accepted = await accept('--fingerprint', words.acme);
    expect(accepted).toMatchObject({
      exitCode: 0,
      json: { state: 'confirmed', transport: `server ${url}, wss://hub.acme.example:443` },
    });
    expect(read('reply')['nkey']).toMatch(/^U[A-Z2-7]{55}$/);
    expect(await confirm()).toMatchObject({ exitCode: 0, json: { state: 'confirmed' } });
  });

  test('keeps each credential where only its owner reads it, and makes it once', async () => {
    await pair();
    for (const { data } of [acme, contoso]) {
      const seed = join(data, 'keys', 'nats.seed');
      expect(statSync(seed).mode & 0o777).toBe(0o600);
      expect(readFileSync(seed, 'utf8')).toMatch(/^SU[A-Z2-7]{56}\n$/);
    }
    const before = readFileSync(at('reply'), 'utf8');
    await accept();
    expect(readFileSync(at('reply'), 'utf8')).toBe(before);
  });

  test('invited again before anybody answered is the same invitation', async () => {
    await invite('--nats', url);
    const before = readFileSync(at('invitation'), 'utf8');
    await invite('--nats', url);
    expect(readFileSync(at('invitation'), 'utf8')).toBe(before);
  });

  test('takes a credential that was made anew once the words were compared again', async () => {
    await pair();
    const old = read('reply')['nkey'];
    const seed = join(contoso.data, 'keys', 'nats.seed');
    writeFileSync(seed, `${new TextDecoder().decode(createUser().getSeed())}\n`);
    await accept();
    expect(read('reply')['nkey']).not.toBe(old);
    expect(await confirm()).toMatchObject({ exitCode: 0, json: { state: 'confirmed' } });
    const { customers } = await configure('--out', at('hub'));
    expect(customers.map(({ nkey }) => nkey)).toEqual([read('reply')['nkey']]);
  });

  test('T-50 without TLS is refused off this machine', async () => {
    for (const given of ['nats://hub.acme.example:4222', 'ws://hub.acme.example', 'hub.acme.example'])
      expect(await invite('--nats', given)).toMatchObject({ exitCode: 2, error: { code: 'HUB_URL_UNFIT' } });
    expect(existsSync(at('invitation'))).toBe(false);
    expect(await acme.asks('link list')).toEqual([]);
  });

  test('goes one way only', async () => {
    expect(await invite('--nats', url, '--folder', here)).toMatchObject({ error: { code: 'USAGE_INVALID' } });
    expect(await invite('--nats', url, '--by-hand')).toMatchObject({ error: { code: 'USAGE_INVALID' } });
    await invite('--nats', url);
    expect(await accept('--folder', here)).toMatchObject({ error: { code: 'USAGE_INVALID' } });
    expect(existsSync(at('reply'))).toBe(false);
  });

  test('takes another address for the same server where the invited side has one', async () => {
    await invite('--nats', url);
    expect(await accept('--nats', 'tls://127.0.0.1:14222')).toMatchObject({
      exitCode: 0,
      json: { transport: 'server tls://127.0.0.1:14222' },
    });
  });

  test('is not what an invitation by folder is for', async () => {
    await invite('--folder', here);
    expect(Object.keys(read('invitation'))).toEqual(['format', 'link', 'introduction', 'signature']);
    expect(await accept('--nats', url)).toMatchObject({ exitCode: 2, error: { code: 'USAGE_INVALID' } });
    await accept('--folder', here);
    expect(Object.keys(read('reply'))).toEqual(['format', 'link', 'introduction', 'signature']);
    expect(existsSync(join(contoso.data, 'keys', 'nats.seed'))).toBe(false);
  });

  test('by hand on the invited side reaches it with bundles only', async () => {
    await invite('--nats', url);
    expect(await accept('--by-hand')).toMatchObject({ exitCode: 0, json: { transport: 'bundles by hand' } });
    const confirmed = await acme.types(['link', 'confirm', at('reply'), '--fingerprint', words.contoso]);
    expect(confirmed.stdout).toContain('has no credential for our NATS server');
    expect(await configure('--out', at('hub'))).toMatchObject({ customers: [] });
  });

  test('T-17 with another server or credential put in on the way does not hold', async () => {
    await invite('--nats', url);
    const invitation = read('invitation') as unknown as { hub: object };
    writeFileSync(
      at('invitation'),
      JSON.stringify({ ...invitation, hub: { ...invitation.hub, urls: ['tls://mallory.example:4222'] } }),
    );
    expect(await accept()).toMatchObject({ exitCode: 4, error: { code: 'INVITATION_INVALID' } });
    writeFileSync(at('invitation'), JSON.stringify(invitation));
    await accept();
    const nkey = createUser().getPublicKey();
    writeFileSync(at('reply'), JSON.stringify({ ...read('reply'), nkey }));
    expect(await confirm()).toMatchObject({ exitCode: 4, error: { code: 'INVITATION_INVALID' } });
  });

  test("T-17 with the inviting side's own credential is refused: it would lock that side out", async () => {
    await invite('--nats', url);
    writeFileSync(
      join(contoso.data, 'keys', 'nats.seed'),
      readFileSync(join(acme.data, 'keys', 'nats.seed')),
      { mode: 0o600 },
    );
    await accept();
    const answer = await confirm();
    expect(answer).toMatchObject({ exitCode: 4, error: { code: 'INVITATION_INVALID' } });
    expect(answer.error.message).toContain("this instance's own");
  });

  test('with a seed that is none is refused by name', async () => {
    await invite('--nats', url);
    const seed = join(contoso.data, 'keys', 'nats.seed');
    writeFileSync(seed, 'SUNOSEED\n', { mode: 0o600 });
    expect(await accept()).toMatchObject({ exitCode: 4, error: { code: 'NATS_KEY_UNREADABLE' } });
    chmodSync(seed, 0o644);
    expect(await accept()).toMatchObject({ exitCode: 4, error: { code: 'KEY_FILE_EXPOSED' } });
  });
});

describe('hub config', () => {
  test('writes the same again, and with a new customer only what is about customers', async () => {
    await invite('--nats', url);
    const first = await configure('--out', at('hub'), '--websocket', '8443', '--host', '10.1.2.3');
    expect(first).toMatchObject({ needs: 'restart', customers: [] });
    expect(first.remarks).toEqual([expect.stringContaining('contoso has not answered yet')]);
    const written = (): string[] =>
      readdirSync(at('hub')).map((name) => readFileSync(join(at('hub'), name), 'utf8'));
    const before = written();
    expect(await configure()).toMatchObject({ needs: 'nothing' });
    expect(written()).toEqual(before);
    await accept();
    await confirm();
    const second = await configure();
    expect(second).toMatchObject({ needs: 'reload', customers: [{ names: ['contoso'] }] });
    expect(second.files.filter(({ changed }) => changed).map(({ file }) => file)).toEqual([
      join(at('hub'), 'hub-links.conf'),
    ]);
    await acme.asks('link remove contoso');
    expect(await configure()).toMatchObject({ needs: 'reload', customers: [] });
  });

  test('leaves nothing that others may read, but keeps the rights an operator gave', async () => {
    await pair();
    await configure('--out', at('hub'));
    for (const name of readdirSync(at('hub')))
      expect(statSync(join(at('hub'), name)).mode & 0o777).toBe(0o600);
    expect(statSync(at('hub')).mode & 0o777).toBe(0o700);
    chmodSync(join(at('hub'), 'hub.conf'), 0o640);
    await configure('--monitor', '8222');
    expect(statSync(join(at('hub'), 'hub.conf')).mode & 0o777).toBe(0o640);
  });

  test('with a flag that can not be is refused and changes nothing', async () => {
    await invite('--nats', url);
    const unfit = [
      ['--port', '0'],
      ['--port', 'x'],
      ['--replicas', '2'],
      ['--replicas', '3'],
      ['--host', 'no host'],
      ['--listen', '1.2.3'],
      ['--store', 'relative/path'],
      ['--max-file', '10 GB'],
      ['--server', 'a:b:c'],
      ['--own-url', 'nats://hub.acme.example'],
    ];
    for (const flags of unfit) {
      const answer = await acme.types(['hub', 'config', '--out', at('hub'), '--json', ...flags]);
      const code = flags[0] === '--own-url' ? 'HUB_URL_UNFIT' : 'HUB_SETTING_UNFIT';
      expect(answer, flags.join(' ')).toMatchObject({ exitCode: 2, error: { code } });
    }
    expect(existsSync(at('hub'))).toBe(false);
    expect(existsSync(join(acme.data, 'hub.json'))).toBe(false);
  });

  test('is refused where nobody would find the server, or no folder is named', async () => {
    expect(await acme.types(['hub', 'config', '--out', at('hub'), '--json'])).toMatchObject({
      exitCode: 2,
      error: { code: 'HUB_NOWHERE' },
    });
    await invite('--nats', url);
    expect(await acme.types('hub config --json')).toMatchObject({
      exitCode: 2,
      error: { code: 'USAGE_INVALID' },
    });
  });

  test('names a folder it can not write to, and a memory it can not read', async () => {
    await invite('--nats', url);
    writeFileSync(at('file'), '');
    expect(await acme.types(['hub', 'config', '--out', at('file'), '--json'])).toMatchObject({
      exitCode: 2,
      error: { code: 'HUB_NOT_WRITTEN' },
    });
    for (const text of ['{', '{"format":"crossgap-hub/2"}', '{"format":"crossgap-hub/1","porter":1}']) {
      writeFileSync(join(acme.data, 'hub.json'), text);
      expect(await acme.types(['hub', 'config', '--out', at('hub'), '--json'])).toMatchObject({
        exitCode: 2,
        error: { code: 'HUB_SETTINGS_UNREADABLE' },
      });
    }
  });

  test.skipIf(!requires('nats-server', 'configurations that a server reads'))(
    'for three servers is what each of them reads',
    async () => {
      await pair();
      const servers = ['n1', 'n2', 'n3'].flatMap((name) => ['--server', `${name}.acme.example`]);
      const { files } = await configure(
        '--out',
        at('hub'),
        '--replicas',
        '3',
        '--websocket',
        '443',
        ...servers,
      );
      expect(files.map(({ file }) => file.slice(at('hub').length + 1))).toEqual([
        'hub-1.pem',
        'hub-2.pem',
        'hub-3.pem',
        'ca.pem',
        'hub-links.conf',
        'hub-1.conf',
        'hub-2.conf',
        'hub-3.conf',
      ]);
      for (const name of ['hub-1.conf', 'hub-2.conf', 'hub-3.conf'])
        execFileSync(natsServerPath(), ['-t', '-c', join(at('hub'), name)], { stdio: 'pipe' });
    },
  );
});
