import { createUser } from '@nats-io/nkeys';
import { describe, expect, test } from 'vitest';
import { isUserKey, planHub, type HubLink, type HubPlan, type HubSettings } from '../../src/hub/index.ts';
import { serverConfiguration, usersConfiguration } from '../../src/hub/configuration.ts';
import { codeOf, refusal } from '../support/refusal.ts';

const ownKey = createUser().getPublicKey();
const someKey = createUser().getPublicKey();
const id = (digit: string): string => digit.repeat(32);
const linkTo = (name: string, digit: string, wish: Partial<HubLink> = {}): HubLink => ({
  link: id(digit),
  name,
  urls: ['tls://hub.acme.example:4222'],
  nkey: someKey,
  ...wish,
});
const plan = (links: readonly HubLink[], settings: HubSettings = {}): HubPlan =>
  planHub({ instance: 'acme', ownKey, links, settings, out: '/srv/hub', isUserKey });

describe('a hub', () => {
  test('listens where its links dial, for the names they use', () => {
    const urls = ['tls://hub.acme.example:4443', 'wss://web.acme.example:443'];
    const { servers, hosts, tls, at } = plan([linkTo('contoso', 'a', { urls })], { hosts: ['10.1.2.3'] });
    expect(servers).toMatchObject([{ name: 'hub', listen: '0.0.0.0', port: 4443, websocket: 443 }]);
    expect(hosts).toEqual([
      'hub.acme.example',
      'web.acme.example',
      '10.1.2.3',
      'localhost',
      '127.0.0.1',
      '::1',
    ]);
    expect([tls, at]).toEqual([true, '/srv/hub']);
  });

  test('does what the operator says instead', () => {
    const settings = { port: 4222, websocket: null, listen: '10.1.2.3', at: '/etc/hub', store: '/data/js' };
    const urls = ['tls://hub.acme.example:443', 'wss://hub.acme.example:8443'];
    const { servers } = plan([linkTo('contoso', 'a', { urls })], settings);
    expect(servers).toMatchObject([
      { listen: '10.1.2.3', port: 4222, websocket: undefined, store: '/data/js/hub' },
    ]);
  });

  test('without TLS is for this machine only', () => {
    const local = [linkTo('contoso', 'a', { urls: ['nats://127.0.0.1:4222'] })];
    expect(plan(local)).toMatchObject({ tls: false, servers: [{ listen: '127.0.0.1' }] });
    expect(serverConfiguration(plan(local), plan(local).servers[0]!)).not.toContain('tls {');
    expect(codeOf(refusal(() => plan(local, { listen: '0.0.0.0' })))).toBe('HUB_SETTING_UNFIT misused');
  });

  test('gives a bad line as long for TLS and for signing in at each listener as who dials has', () => {
    const all = plan([linkTo('contoso', 'a')], { websocket: 443 });
    const said = serverConfiguration(all, all.servers[0]!);
    expect(said.match(/(?<=timeout: "?)\d+/g)).toEqual(['15', '15', '15', '15']);
    expect(said).toContain('authorization { timeout: 15 }');
  });

  test('with TLS says of a link that it dials in clear text', () => {
    const mixed = [linkTo('contoso', 'a'), linkTo('local', 'b', { urls: ['nats://localhost:4222'] })];
    expect(plan(mixed).tls).toBe(true);
    expect(plan(mixed).remarks).toEqual([
      expect.stringContaining('local dials nats://localhost:4222 in clear text'),
    ]);
  });

  test('that nobody could find is refused', () => {
    expect(codeOf(refusal(() => plan([])))).toBe('HUB_NOWHERE misused');
    expect(plan([], { hosts: ['hub.acme.example'] }).customers).toEqual([]);
  });

  test('lets in who answered, and says of the others why not', () => {
    const bad = `${createUser().getPublicKey().slice(0, -1)}A`;
    const { customers, remarks } = plan([
      linkTo('contoso', 'a'),
      linkTo('silent', 'b', { nkey: null }),
      linkTo('mallory', 'c', { nkey: ownKey }),
      linkTo('broken', 'd', { nkey: isUserKey(bad) ? 'UAAA' : bad }),
    ]);
    expect(customers.map(({ names }) => names)).toEqual([['contoso']]);
    expect(remarks).toEqual([
      expect.stringMatching(/^silent has not answered yet/),
      expect.stringMatching(/^mallory is left out: its credential is this instance's own/),
      expect.stringMatching(/^broken is left out: its credential is no key of a user/),
    ]);
  });

  test('gives a customer with several links one account for all of them, and no other customer any of it', () => {
    const nkey = createUser().getPublicKey();
    const { customers } = plan([
      linkTo('east', 'b', { nkey }),
      linkTo('west', 'a', { nkey }),
      linkTo('other', 'c'),
    ]);
    const both = customers.find((one) => one.nkey === nkey)!;
    expect(both.links).toEqual([id('a'), id('b')]);
    expect(both.access.subscribe).toEqual([`_INBOX_${id('a')}.>`, `_INBOX_${id('b')}.>`]);
    expect(JSON.stringify(both)).not.toContain(id('c'));
    const other = customers.find((one) => one.nkey !== nkey)!;
    expect(JSON.stringify(other)).not.toMatch(/a{32}|b{32}/);
  });

  test('of three servers has each know the others', () => {
    const urls = ['n1', 'n2', 'n3'].map((name) => `tls://${name}.acme.example:4222`);
    const { servers } = plan([linkTo('contoso', 'a', { urls })], { replicas: 3 });
    expect(servers.map(({ name }) => name)).toEqual(['hub-1', 'hub-2', 'hub-3']);
    expect(servers[1]!.cluster!.routes).toEqual([
      'nats-route://n1.acme.example:6222',
      'nats-route://n3.acme.example:6222',
    ]);
    expect(serverConfiguration(plan([linkTo('x', 'a', { urls })], { replicas: 3 }), servers[1]!)).toContain(
      'no_advertise: true',
    );
  });

  test('of three servers needs three of them', () => {
    const error = refusal(() => plan([linkTo('contoso', 'a')], { replicas: 3 }));
    expect(codeOf(error)).toBe('HUB_SETTING_UNFIT misused');
    expect(error.message).toContain('3 copies need 3 servers, and 1 is dialled by the links');
  });

  test('of three servers on one machine gives each its own ports', () => {
    const servers = [1, 2, 3].map((at) => ({ host: 'localhost', port: 4221 + at, routePort: 6221 + at }));
    const made = plan([linkTo('contoso', 'a')], {
      replicas: 3,
      servers,
      websocket: 8443,
      monitor: 8222,
    }).servers;
    expect(made.map(({ websocket, monitor }) => [websocket, monitor])).toEqual([
      [8443, 8222],
      [8444, 8223],
      [8445, 8224],
    ]);
    expect(new Set(made.map(({ store }) => store)).size).toBe(3);
  });

  test('has room for as many customers again, and says where the operator left too little', () => {
    const nkey = createUser().getPublicKey();
    const many = (count: number): HubLink[] =>
      Array.from({ length: count }, (_one, at) =>
        linkTo(`c${at}`, '0', { link: at.toString(16).padStart(32, '0'), nkey }),
      );
    expect(plan(many(3)).maxFile).toBe('100GB');
    expect(plan(many(400)).maxFile).toBe('1TB');
    expect(plan(many(3), { maxFile: '1GB' }).maxFile).toBe('1GB');
    expect(plan(many(40), { maxFile: '10GB' }).remarks).toEqual([
      expect.stringContaining('the links together reserve 13GB and the server may take 10GB'),
    ]);
    expect(plan(many(40), { maxFile: '10GB', down: '64MB', up: '16MB' }).remarks).toEqual([]);
  });

  test('names nobody in a way that a configuration could mistake for more', () => {
    const spiteful = linkTo('x\n} system_account: loot {\u2028#', 'a');
    const made = { ...plan([spiteful]), instance: 'acme\n} http: 8222 {' };
    const texts = [usersConfiguration(made), serverConfiguration(made, made.servers[0]!)];
    const own = texts.flatMap((text) => text.split('\n')).filter((line) => !line.trim().startsWith('#'));
    expect(own.join('\n')).not.toMatch(/system_account|8222/);
  });
});
