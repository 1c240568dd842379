import { answersWithin, exportedSubjects } from './customer-account.ts';
import type { HubCustomer, HubPlan, PlannedServer } from './hub-plan.ts';
import { inUrl } from './hub-url.ts';

/** The file of the users, which the server's own file includes: all that changes when a customer comes or goes. */
export const linksFile = 'hub-links.conf';
export const authorityFile = 'ca.pem';

/**
 * How long a server waits for who dials, for TLS as for signing in: as long as crossgap dials. On a bad line each packet
 * that is lost once more doubles the wait for it, 1, 2, 4 and 8 seconds; who stays silent holds one connection so long.
 */
const handshakeSeconds = 15;

/** Text in a server's configuration. JSON's escapes are those of the server, as long as no control character is in it. */
const quoted = (text: string): string => JSON.stringify(text);
const indented = (line: string): string => (line === '' ? '' : `  ${line}`);
const block = (name: string, lines: readonly string[]): string[] => [
  name === '' ? '{' : `${name} {`,
  ...lines.map(indented),
  '}',
];
const list = (name: string, lines: readonly string[]): string[] => [
  `${name}: [`,
  ...lines.map(indented),
  ']',
];

/** The configuration of one server, as text that an operator can read. */
export function serverConfiguration(plan: HubPlan, server: PlannedServer): string {
  const file = `${plan.at}/${server.name}.conf`;
  const lines = [
    `# The NATS server that links of ${oneLine(plan.instance)} meet at${plan.servers.length > 1 ? `: ${server.name} of ${plan.servers.length}` : ''}.`,
    '# Written by `crossgap hub config`, which replaces it: what is changed here by hand is gone at the next run.',
    '#',
    `# Check:   nats-server -t -c ${file}`,
    `# Start:   nats-server -c ${file}`,
    '# Reload:  for i in 1 2; do nats-server --signal reload=PID; sleep 1; done     (or: systemctl reload nats-server)',
    `#          takes over ${linksFile} and ${server.name}.pem, drops nobody. Twice, since the first time nats-server 2.9`,
    '#          reads a new account without what is lent to it. A change in this file wants a restart.',
    '# Then:    crossgap hub apply                    (makes the streams; a running daemon does it by itself)',
    '#',
    ...(plan.servers.length > 1
      ? [
          `# Files:   here belong ${server.name}.conf, ${server.name}.pem, ${authorityFile} and ${linksFile}, in ${plan.at}.`,
        ]
      : []),
    '# Rights:  these files belong to whoever runs crossgap. If the server runs as somebody else, give it the folder',
    `#          once (chgrp nats ${plan.at}; chmod 750 it, 640 its files); rewritten files keep group and mode.`,
    '# Version: works on nats-server 2.9.10. Run a supported release, 2.11.16 or 2.12.7 at least: older ones have known',
    '#          holes (CVE-2023-47090, CVE-2025-30215, CVE-2026-33222, CVE-2026-33248 and others).',
    '# Trust:   none. The server can delay or lose what passes through it, which is noticed and made good; it can not',
    '#          forge it, since both sides believe signatures only.',
    '',
    `server_name: ${quoted(server.name)}`,
    `listen: ${quoted(`${inUrl(server.listen)}:${server.port}`)}`,
    '',
    ...tlsOf(plan, server, [
      ...(plan.tls ? [] : ['# No TLS: only this machine can reach it.']),
      ...(plan.tls
        ? ['# Who speaks no TLS is refused. Customers pin the authority, which their invitation carried.']
        : []),
    ]),
    '',
    '# Per connection, whoever it is; this server knows no such limits for one user. How much each customer may store',
    '# is set on its streams.',
    'max_payload: 1MB',
    'max_control_line: 4KB',
    'max_pending: 64MB',
    'max_subscriptions: 100000',
    'max_connections: 65536',
    '# A line that is down is noticed within a minute, and one that can not keep up is cut.',
    'ping_interval: "20s"',
    'ping_max: 2',
    'write_deadline: "10s"',
    '',
    ...webSocketOf(plan, server),
    server.monitor === undefined
      ? '# No monitoring page; `crossgap hub config --monitor PORT` opens one on loopback.'
      : `# The server's own figures, for this machine only: the page asks nobody who they are.\nhttp: "127.0.0.1:${server.monitor}"`,
    '',
    '# A cache on its way to the other side, never the record: losing it costs time only.',
    ...block('jetstream', [
      `store_dir: ${quoted(server.store)}`,
      'max_mem: 64MB',
      `max_file: ${plan.maxFile}`,
    ]),
    '',
    ...clusterOf(plan, server),
    '# Who may sign in, and what each may do. A bad line has time for it.',
    `authorization { timeout: ${handshakeSeconds} }`,
    `include ${quoted(`./${linksFile}`)}`,
  ];
  return `${lines.join('\n')}\n`;
}

/** Who may sign in at any server of the hub, and what each reaches there. */
export function usersConfiguration(plan: HubPlan): string {
  const lines = [
    `# Who may sign in at the hub of ${oneLine(plan.instance)}. Written by \`crossgap hub config\`; included by the server's own file.`,
    '# There is no secret here: a server knows the public half of each key only.',
    '#',
    '# The streams lie in the account of the vendor. Each customer has an account to itself, into which nothing but the',
    '# subjects of its own links are lent. Nothing may be added to that by hand: whoever shares an account with the',
    "# streams, or may create consumers, can have the server read, store and delete what is others'.",
    ...block('accounts', [
      ...block('crossgap', vendorAccount(plan)),
      ...plan.customers.flatMap((customer) => [
        '',
        `# ${customer.names.map(oneLine).join(', ')}`,
        ...block(`customer_${customer.nkey}`, customerAccount(customer)),
      ]),
    ]),
  ];
  return `${lines.join('\n')}\n`;
}

function vendorAccount({ instance, ownKey }: HubPlan): string[] {
  const exported = exportedSubjects.map(({ subject, stream }) => {
    const answers = stream ? `, response_type: "stream", response_threshold: ${quoted(answersWithin)}` : '';
    return `{ service: ${quoted(subject)}${answers} }`;
  });
  return [
    'jetstream: enabled',
    ...list('users', [
      `# ${oneLine(instance)} itself: makes streams and consumers, reads and writes all links.`,
      `{ nkey: ${quoted(ownKey)}, permissions: { publish: ">", subscribe: ">" } }`,
    ]),
    ...list('exports', exported),
  ];
}

function customerAccount({ nkey, access }: HubCustomer): string[] {
  const { imports, mappings, publish, subscribe } = access;
  return [
    ...list('users', [
      ...block('', [
        `nkey: ${quoted(nkey)}`,
        'allowed_connection_types: ["STANDARD", "WEBSOCKET"]',
        ...block('permissions', [
          ...block('publish', list('allow', publish.map(quoted))),
          ...block('subscribe', list('allow', subscribe.map(quoted))),
        ]),
      ]),
    ]),
    ...list(
      'imports',
      imports.map(({ subject, as }) => {
        const renamed = subject === as ? '' : `, to: ${quoted(as)}`;
        return `{ service: { account: crossgap, subject: ${quoted(subject)} }${renamed} }`;
      }),
    ),
    ...block(
      'mappings',
      mappings.map(({ from, to }) => `${quoted(from)}: ${quoted(to)}`),
    ),
  ];
}

function tlsOf({ at, tls }: HubPlan, server: PlannedServer, words: readonly string[]): string[] {
  if (!tls) return [...words];
  return [...words, ...block('tls', certificateLines(at, server))];
}

function certificateLines(at: string, { name }: PlannedServer): string[] {
  const pem = quoted(`${at}/${name}.pem`);
  return [
    `# Private key and certificate in one file.`,
    `cert_file: ${pem}`,
    `key_file: ${pem}`,
    `timeout: ${handshakeSeconds}`,
  ];
}

function webSocketOf({ at, tls }: HubPlan, server: PlannedServer): string[] {
  if (server.websocket === undefined) {
    return [
      '# No WebSocket; `crossgap hub config --websocket PORT` opens it, for customers behind proxies.',
      '',
    ];
  }
  return [
    '# For customers whose firewall lets out nothing but HTTPS, through a proxy or without.',
    ...block('websocket', [
      `listen: ${quoted(`${inUrl(server.listen)}:${server.websocket}`)}`,
      ...(tls ? block('tls', certificateLines(at, server)) : ['no_tls: true']),
      `handshake_timeout: "${handshakeSeconds}s"`,
      'compression: false',
    ]),
    '',
  ];
}

function clusterOf({ at }: HubPlan, server: PlannedServer): string[] {
  if (server.cluster === undefined) return [];
  const { port, routes } = server.cluster;
  return [
    '# The servers know each other by certificates of the same authority, which vouches for nobody else.',
    ...block('cluster', [
      'name: "crossgap"',
      `listen: ${quoted(`${inUrl(server.listen)}:${port}`)}`,
      ...list('routes', routes.map(quoted)),
      '# Customers dial what their invitation says and nothing that a server tells them.',
      'no_advertise: true',
      ...block('tls', [...certificateLines(at, server), `ca_file: ${quoted(`${at}/${authorityFile}`)}`]),
    ]),
    '',
  ];
}

/** Names come from people; in a comment they stay on its line. */
function oneLine(name: string): string {
  return name.replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, ' ');
}
