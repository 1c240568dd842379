import {
  ensureHubAuthority,
  hubSettingsFile,
  isUserKey,
  planHub,
  writeHub,
  writeHubSettings,
  type HubPlan,
  type WrittenHub,
} from '../../hub/index.ts';
import { ensureNatsKey } from '../../instance/index.ts';
import { commandLine, count, moment } from '../../words.ts';
import { command, misuse, type Outcome } from '../command.ts';
import { hubLinks, hubSettingsOf } from '../../daemon/index.ts';
import { chosenSettings, hubOptions } from '../links/hub-options.ts';
import { facts, section } from '../table.ts';

export const hubConfigCommand = command({
  path: 'hub config',
  about: 'Write the configuration of our NATS server, for the links there are; again after each new customer',
  example: 'crossgap hub config --out /etc/crossgap-hub --websocket 443',
  args: {},
  options: hubOptions,
  async run(context, _args, given): Promise<Outcome> {
    const instance = await context.open();
    const settings = chosenSettings(hubSettingsOf(instance), given);
    const { out } = settings;
    if (out === undefined) {
      throw misuse(
        'Cannot write the configuration of the hub: it is not said where to',
        'Give --out DIR, the first time.',
      );
    }
    const { name } = instance.identity;
    const now = instance.clock.now();
    const { publicKey } = await ensureNatsKey(instance.folder);
    const links = hubLinks(instance);
    const plan = planHub({ instance: name, ownKey: publicKey, links, settings, out, isUserKey });
    const needsAuthority = plan.tls || plan.servers.length > 1;
    const authority = needsAuthority ? ensureHubAuthority(instance.folder.keys, { name, now }) : undefined;
    const written = writeHub(plan, out, { authority, now });
    writeHubSettings(hubSettingsFile(instance.folder.root), settings);
    return { document: documentOf(plan, written, out), text: textOf(plan, written, out) };
  },
});

function documentOf(plan: HubPlan, { files, needs, certificatesEnd }: WrittenHub, out: string): object {
  return {
    folder: out,
    at: plan.at,
    files: files.map(({ path, changed }) => ({ file: path, changed })),
    needs,
    tls: plan.tls,
    replicas: plan.replicas,
    hosts: plan.hosts,
    servers: plan.servers.map(({ name, listen, port, websocket }) => ({
      name,
      listen,
      port,
      websocket: websocket ?? null,
    })),
    customers: plan.customers.map(({ names, nkey, links }) => ({ names, nkey, links })),
    certificatesEnd: certificatesEnd === undefined ? null : new Date(certificatesEnd).toISOString(),
    remarks: plan.remarks,
  };
}

function textOf(plan: HubPlan, { files, needs, certificatesEnd }: WrittenHub, out: string): string[] {
  const { servers, at, tls, customers, remarks } = plan;
  const [first] = servers;
  return [
    `The configuration of ${servers.length === 1 ? 'our NATS server' : `our ${servers.length} NATS servers`} is in ${out}, for ${count(customers.length, 'customer')}`,
    ...facts([
      ['listens', servers.map(({ listen, port }) => `${listen}:${port}`).join(', ')],
      ['WebSocket', first?.websocket === undefined ? null : servers.map((one) => one.websocket).join(', ')],
      ['TLS', tls ? `for ${plan.hosts.join(', ')}` : 'none, since only this machine reaches it'],
      ['certificates until', certificatesEnd === undefined ? null : moment(certificatesEnd)],
      ['changed', files.flatMap(({ path, changed }) => (changed ? [path] : [])).join(', ') || 'nothing'],
    ]),
    ...section('Mind:', remarks),
    ...{
      nothing: ['', 'Servers that run by it need nothing.'],
      reload: [
        '',
        'Servers that run take it over without dropping anybody. On each, twice (a new customer needs the second):',
        '  for i in 1 2; do nats-server --signal reload=PID; sleep 1; done     (or: systemctl reload nats-server)',
      ],
      restart: [
        '',
        ...servers.map(({ name }) => `Start, or stop and start: nats-server -c ${at}/${name}.conf`),
        ...(servers.length > 1
          ? [`Each on its own machine, with its .pem, ca.pem and hub-links.conf in ${at}.`]
          : []),
      ],
    }[needs],
    ...(needs === 'nothing' ? [] : [`Then, where our daemon doesn't run: ${commandLine('hub', 'apply')}`]),
  ];
}
