import { X509Certificate } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { hubLinks, hubSettingsOf, ownHubConnection } from '../../daemon/index.ts';
import { CrossgapError } from '../../errors.ts';
import { readNatsKey, type Instance } from '../../instance/index.ts';
import { readLinks, type LinkRow } from '../../projections/index.ts';
import { overNats, type HubConnection, type HubFinding } from '../../sync/index.ts';
import { moment } from '../../words.ts';
import { advice, good, ofError, type Finding } from './finding.ts';
import { timeOf } from './hub-time.ts';

/** How long a server is waited for. */
const dialMs = 8000;
const dialledMax = 16;
const soonMs = 30 * 24 * 3600 * 1000;

/** What was found of servers, and the times those told that tell one. */
export type HubsChecked = {
  readonly findings: readonly Finding[];
  readonly times: readonly { readonly name: string; readonly aheadMs: number }[];
};

/** Signs in at every NATS server that links go by: DNS, the way there, TLS, credential, version. */
export async function checkHubs(instance: Instance, stop: AbortSignal): Promise<HubsChecked> {
  const ways = waysOf(instance);
  const signal = AbortSignal.any([stop, AbortSignal.timeout(2 * dialMs)]);
  const [own, ...others] = await Promise.all([
    hubLinks(instance).length > 0 ? checkOwnHub(instance, signal) : [],
    ...ways.map((way) => checkWay(instance, way, signal)),
  ]);
  const times = await Promise.all(ways.map(({ url, ca }) => timeOf(url, ca, instance.clock, signal)));
  return { findings: [...own, ...others.flat()], times: times.filter((time) => time !== undefined) };
}

type Way = { readonly url: string; readonly ca: string | undefined; readonly link: LinkRow };

/** The addresses of others' servers, each once; a list of them is tried one by one, since any may be the one that is wrong. */
function waysOf({ db }: Instance): Way[] {
  const ways = new Map<string, Way>();
  for (const link of readLinks(db)) {
    const { transport, state } = link;
    if (state === 'removed' || transport.kind !== 'nats' || transport.hub) continue;
    for (const url of transport.urls) ways.set(url, { url, ca: transport.ca, link });
  }
  return [...ways.values()].slice(0, dialledMax);
}

async function checkOwnHub(instance: Instance, signal: AbortSignal): Promise<Finding[]> {
  try {
    const settings = hubSettingsOf(instance);
    const certificates = serverCertificates(settings.out, instance.clock.now());
    await using connection = await ownHubConnection(instance, settings);
    try {
      const { replicas = 1 } = settings;
      const { checkHub } = await overNats();
      const { url, findings } = await checkHub(connection, { signal, replicas });
      return [good('hub', `our server at ${url} lets us in`), ...findings.map(ofHub), ...certificates];
    } catch (error) {
      return [unreachable(error, connection), ...certificates];
    }
  } catch (error) {
    return [ofError({ about: 'hub' }, error)];
  }
}

async function checkWay(instance: Instance, { url, ca, link }: Way, signal: AbortSignal): Promise<Finding[]> {
  const about = { about: 'hub', link: link.name } as const;
  try {
    const { natsConnection, versionFinding } = await overNats();
    const { seed } = await readNatsKey(instance.folder);
    const { proxy } = instance.settings.sync;
    await using connection = natsConnection({
      urls: [url],
      seed,
      inboxPrefix: `_INBOX_${link.link}`,
      name: instance.identity.name,
      dialMs,
      ...(ca !== undefined && { ca }),
      ...(proxy !== undefined && { proxy }),
    });
    try {
      await connection.client(signal);
      const { serverVersion = 'unknown', encrypted } = connection.state();
      const clear = encrypted === true ? '' : ', without TLS, which is allowed on this machine only';
      return [
        { ...good('hub', `${url} lets us in${clear}`), link: link.name },
        { ...ofHub(versionFinding(serverVersion)), link: link.name },
      ];
    } catch (error) {
      return [{ ...unreachable(error, connection), link: link.name }];
    }
  } catch (error) {
    return [ofError(about, error)];
  }
}

/** What a dial failed with; that it took too long says less than what the last try said. */
function unreachable(error: unknown, connection: HubConnection): Finding {
  if (error instanceof CrossgapError) return ofError({ about: 'hub' }, error);
  const last = connection.state().lastError;
  if (last === undefined)
    return {
      level: 'wrong',
      about: 'hub',
      code: 'HUB_UNREACHABLE',
      message: 'the NATS server does not answer in time',
      hint: 'See that the name, the port and the way there (firewall, proxy) are right.',
    };
  const { code, message, hint } = last;
  return { level: 'wrong', about: 'hub', code, message, hint };
}

function ofHub({ level, message, hint, code }: HubFinding): Finding {
  return { level, about: 'hub', message, ...(hint !== undefined && { hint }), ...(code && { code }) };
}

/** Certificates of our servers that lie where `hub config` wrote them and soon will be over. */
function serverCertificates(folder: string | undefined, now: number): Finding[] {
  if (folder === undefined || !existsSync(folder)) return [];
  const names = readdirSync(folder).filter((name) => /^hub(-\d)?\.pem$/.test(name));
  return names.flatMap((name) => {
    const end = endOf(readFileSync(join(folder, name), 'utf8'));
    if (end === undefined || end - now > soonMs) return [];
    const hint = 'Run `crossgap hub config` again, which makes a new one, and reload the server.';
    return [advice('certificate', `the certificate ${join(folder, name)} ends on ${moment(end)}`, hint)];
  });
}

function endOf(pem: string): number | undefined {
  const [certificate] = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/.exec(pem) ?? [];
  return certificate === undefined ? undefined : Date.parse(new X509Certificate(certificate).validTo);
}
