import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { acceptInvitation } from '../../../src/commands/index.ts';
import { readKeyFile } from '../../../src/identity/index.ts';
import { ensureNatsKey, openInstance } from '../../../src/instance/index.ts';
import { readLinks } from '../../../src/projections/index.ts';
import { tryLock } from '../../../src/lock.ts';
import { pem, selfSigned } from '../../support/certificates.ts';
import { startNatsServer } from '../../support/nats-server.ts';
import { requires } from '../../support/requires.ts';
import { makeInstance, type Company } from '../company.ts';
import { memory } from '../../support/in-memory.ts';
import { freshFolder, type Answer, type Person } from '../typed.ts';

type Finding = { level: string; about: string; link?: string; code?: string; message: string; hint?: string };
type Document = { ok: boolean; wrong: number; findings: Finding[] };

const root = freshFolder(memory);
let companies: { acme: Company; contoso: Company };
let acme: Person;
let contoso: Person;
let here: string;
let count = 0;

beforeAll(async () => {
  companies = { acme: await makeInstance(root, 'acme'), contoso: await makeInstance(root, 'contoso') };
});
beforeEach(() => {
  count += 1;
  here = join(root, `test-${count}`);
  mkdirSync(here);
  acme = companies.acme.copy(`acme-${count}`);
  contoso = companies.contoso.copy(`contoso-${count}`);
});

async function examined(person: Person): Promise<Document & { answer: Answer }> {
  const answer = await person.types('doctor --json');
  return { ...(answer.json as Document), answer };
}

/** What is not good, as `level about code`. */
const ills = ({ findings }: Document): string[] =>
  findings
    .filter(({ level }) => level !== 'good')
    .map(({ level, about, code }) => [level, about, ...(code === undefined ? [] : [code])].join(' '));

/** Pairs contoso with acme in one direction: contoso accepts, by a folder. */
async function accepts(folder: string): Promise<void> {
  const invitation = join(here, 'invitation');
  mkdirSync(join(here, 'theirs'));
  await acme.asks(['link', 'invite', 'contoso', '--folder', join(here, 'theirs'), '--out', invitation]);
  await contoso.asks(['link', 'accept', invitation, '--folder', folder, '--out', join(here, 'reply')]);
}

test('a new instance has nothing wrong; that no daemon runs is to be minded', async () => {
  const found = await examined(acme);
  expect(found.answer.exitCode).toBe(0);
  expect(found).toMatchObject({ ok: true, wrong: 0 });
  expect(ills(found)).toEqual(['advice daemon']);
  const abouts = new Set(found.findings.map(({ about }) => about));
  expect([...abouts].toSorted()).toEqual(
    ['certificate', 'clock', 'daemon', 'disk', 'folder', 'instance', 'keys', 'log'].toSorted(),
  );
});

test('a running daemon is named, and everything is looked at beside it', async () => {
  using _lock = tryLock(join(acme.data, 'daemon.lock'), 'run by jo');
  const found = await examined(acme);
  expect(ills(found)).toEqual([]);
  expect(found.findings.find(({ about }) => about === 'daemon')?.message).toContain(
    `process ${process.pid} (run by jo) works for acme`,
  );
});

test('each thing that is not good says what to do, in lines for people', async () => {
  rmSync(join(acme.data, 'head'));
  const { exitCode, stdout } = await acme.types('doctor');
  expect(exitCode).toBe(3);
  expect(stdout).toMatch(/^WRONG +log +the side file is missing.*\[SIDE_FILE_MISSING\]$/m);
  expect(stdout).toContain('try: If this database was never put back from a backup: crossgap log confirm');
  expect(stdout).toContain('1 thing is wrong');
});

test('keys that others may read are found, though the instance does not open with them', async () => {
  chmodSync(join(acme.data, 'keys', 'vault-key'), 0o644);
  const found = await examined(acme);
  expect(found.answer.exitCode).toBe(3);
  expect(ills(found)).toEqual(['wrong keys KEY_FILE_EXPOSED']);
  expect(found.findings[0]!.hint).toContain('chmod 600');
});

test('where no instance is, it says so', async () => {
  rmSync(join(acme.data, 'crossgap.db'));
  const found = await examined(acme);
  expect(ills(found)).toEqual(['wrong instance DATA_FOLDER_MISSING']);
});

test('settings that can’t be used are found', async () => {
  writeFileSync(join(acme.data, 'crossgap.toml'), 'look-evry = 5\n');
  expect(ills(await examined(acme))).toEqual(['wrong instance SETTINGS_INVALID']);
});

test('a disk with less than the reserve is found', async () => {
  writeFileSync(join(acme.data, 'crossgap.toml'), '[sync]\ndisk-reserve = "900000 GB"\n');
  const found = await examined(acme);
  expect(ills(found)).toEqual(['wrong disk', 'advice daemon']);
});

test('a folder that is not there, words that nobody compared, and a silence are found', async () => {
  await accepts(join(here, 'theirs'));
  expect(ills(await examined(acme))).toEqual(['advice daemon', 'advice link']);
  expect(ills(await examined(contoso))).toEqual(['advice daemon', 'advice link', 'advice folder']);
  rmSync(join(here, 'theirs'), { recursive: true });
  const found = await examined(contoso);
  expect(ills(found)).toContain('wrong folder FOLDER_MISSING');
  expect(found.findings.find(({ code }) => code === 'FOLDER_MISSING')).toMatchObject({
    link: 'acme',
    hint: expect.stringContaining('mount it'),
  });
});

/** A link of contoso that goes by this server, as `link accept` makes it. */
async function linkBy(url: string, ca?: string): Promise<{ link: string; publicKey: string }> {
  using instance = await openInstance(contoso.data);
  using other = await openInstance(acme.data);
  const link = randomBytes(16).toString('hex');
  const transport = { kind: 'nats' as const, hub: false, urls: [url], ...(ca !== undefined && { ca }) };
  const peer = { instanceId: other.identity.instanceId, introduction: other.identity.bytes };
  instance.record((db) => acceptInvitation(readLinks(db), { link, name: 'acme', transport, peer }));
  return { link, publicKey: (await ensureNatsKey(instance.folder)).publicKey };
}

const hubIlls = async (): Promise<Finding[]> =>
  (await examined(contoso)).findings.filter(({ about, level }) => about === 'hub' && level !== 'good');

test('a server where nobody listens is found, and no secret is told', async () => {
  const closed = createServer();
  await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve));
  const { port } = closed.address() as { port: number };
  await new Promise((resolve) => closed.close(resolve));
  await linkBy(`nats://127.0.0.1:${port}`);
  const { answer, findings } = await examined(contoso);
  expect(answer.exitCode).toBe(3);
  expect(findings.find(({ about }) => about === 'hub')).toMatchObject({
    level: 'wrong',
    link: 'acme',
    code: 'HUB_UNREACHABLE',
    message: expect.stringContaining('nobody listens there'),
  });
  const seed = readKeyFile(join(contoso.data, 'keys', 'nats.seed'))
    .toString('latin1')
    .trim();
  expect(answer.stdout + answer.stderr).not.toContain(seed);
});

describe.runIf(requires('nats-server', 'what doctor finds at servers'))('at a server', () => {
  test('that refuses the credential, it says so; at one that lets us in, which version it has', async () => {
    await using server = await startNatsServer({
      config:
        'authorization { users: [ { nkey: "UDXU4RCSJNZOIQHZNWXHXORDPRTGNJAHAHFRGZNEEJCPQTT2M7NLCNF4" } ] }',
    });
    const { publicKey } = await linkBy(server.url);
    expect(await hubIlls()).toMatchObject([{ level: 'wrong', code: 'HUB_CREDENTIAL_REFUSED', link: 'acme' }]);
    await server.reload(`authorization { users: [ { nkey: "${publicKey}" } ] }`);
    const { findings } = await examined(contoso);
    const messages = findings.filter(({ about }) => about === 'hub').map(({ message }) => message);
    expect(messages[0]).toContain(`${server.url} lets us in`);
    expect(messages[1]).toMatch(/^nats-server 2\.\d+\.\d+/);
  });

  test('with the certificate of somebody else, it says so', async () => {
    const { certPem, keyPem } = pemsOf('localhost');
    const [cert, key] = [join(here, 'cert.pem'), join(here, 'key.pem')];
    writeFileSync(cert, certPem);
    writeFileSync(key, keyPem);
    await using server = await startNatsServer({ tls: `cert_file: "${cert}", key_file: "${key}"` });
    await linkBy(`tls://localhost:${server.port}`, pemsOf('localhost').certPem);
    expect(await hubIlls()).toMatchObject([{ level: 'wrong', code: 'HUB_CERTIFICATE_REFUSED' }]);
  });
});

function pemsOf(name: string): { certPem: string; keyPem: string } {
  const [validFrom, validTo] = [-1, 1].map((days) => new Date(Date.now() + days * 86_400_000));
  const certificate = selfSigned(name, { validFrom: validFrom!, validTo: validTo! });
  const keyPem = certificate.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  return { certPem: pem(certificate), keyPem };
}
