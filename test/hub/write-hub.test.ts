import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createUser } from '@nats-io/nkeys';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  ensureHubAuthority,
  isUserKey,
  planHub,
  readHubSettings,
  writeHub,
  writeHubSettings,
  type HubAuthority,
  type HubSettings,
  type WrittenHub,
} from '../../src/hub/index.ts';
import { natsServerPath } from '../support/nats-server.ts';
import { requires } from '../support/requires.ts';

const now = Date.now();
const dayMs = 24 * 3_600_000;
const ownKey = createUser().getPublicKey();
const nkey = createUser().getPublicKey();
let root: string;
let authority: HubAuthority;
let count = 0;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'crossgap-hub-'));
  const keys = join(root, 'keys');
  mkdirSync(keys, { mode: 0o700 });
  authority = ensureHubAuthority(keys, { name: 'acme', now });
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

const fresh = (): string => join(root, `hub-${(count += 1)}`);

function write(out: string, urls: readonly string[], settings: HubSettings = {}, at = now): WrittenHub {
  const links = [{ link: 'a'.repeat(32), name: 'contoso', urls, nkey }];
  return writeHub(planHub({ instance: 'acme', ownKey, links, settings, out, isUserKey }), out, {
    authority,
    now: at,
  });
}

describe.skipIf(!requires('nats-server', 'configurations that a server reads'))('a server reads', () => {
  test.each<[string, string[], HubSettings]>([
    ['what TLS alone needs', ['tls://hub.acme.example:4222'], {}],
    [
      'all there is to choose',
      ['tls://hub.acme.example:4222', 'wss://hub.acme.example:443'],
      { monitor: 8222, maxFile: '1TB', down: '32MB', listen: '10.1.2.3', hosts: ['10.1.2.3', 'hub'] },
    ],
    ['clear text on this machine', ['nats://127.0.0.1:4222'], {}],
    ['a WebSocket in clear text on this machine', ['ws://localhost:8080'], {}],
    ['IPv6', ['tls://[2001:db8::1]:4222'], { listen: '::' }],
    ['odd places', ['tls://hub:4222'], { store: '/srv/with space/äöü "quoted" \\ $HOME #x' }],
  ])('%s', (_what, urls, settings) => {
    const folder = fresh();
    write(folder, urls, settings);
    const said = execFileSync(
      'sh',
      ['-c', '"$0" -t -c "$1" 2>&1', natsServerPath(), join(folder, 'hub.conf')],
      {
        encoding: 'utf8',
      },
    );
    expect(said).toContain('is valid');
  });
});

describe("a hub's files", () => {
  const url = ['tls://hub.acme.example:4222'];

  test('want a restart at first, nothing when nothing is new, and a reload for a new certificate', () => {
    const folder = fresh();
    expect(write(folder, url).needs).toBe('restart');
    expect(write(folder, url).needs).toBe('nothing');
    const pem = readFileSync(join(folder, 'hub.pem'), 'utf8');
    const late = write(folder, url, {}, now + 700 * dayMs);
    expect(late.needs).toBe('reload');
    expect(late.certificatesEnd! - now).toBeGreaterThan(1000 * dayMs);
    expect(readFileSync(join(folder, 'hub.pem'), 'utf8')).not.toBe(pem);
    expect(write(folder, url, { hosts: ['more.acme.example'] }, now + 700 * dayMs).needs).toBe('reload');
  });

  test('are put right where somebody changed them', () => {
    const folder = fresh();
    write(folder, url);
    const links = readFileSync(join(folder, 'hub-links.conf'), 'utf8');
    writeFileSync(join(folder, 'hub-links.conf'), 'accounts {}');
    writeFileSync(join(folder, 'hub.pem'), 'nothing of use');
    expect(write(folder, url).files.filter(({ changed }) => changed)).toHaveLength(2);
    expect(readFileSync(join(folder, 'hub-links.conf'), 'utf8')).toBe(links);
  });
});

describe('what was chosen for a hub', () => {
  test('is read as it was written, and nothing where nothing was', () => {
    const path = join(root, 'hub.json');
    expect(readHubSettings(path)).toEqual({});
    const chosen: HubSettings = {
      out: '/srv/hub',
      replicas: 3,
      servers: [{ host: 'n1.acme.example', port: 4222, routePort: 6222 }],
      websocket: null,
      ownUrls: ['tls://localhost:4222'],
    };
    writeHubSettings(path, chosen);
    expect(readHubSettings(path)).toEqual(chosen);
  });
});
