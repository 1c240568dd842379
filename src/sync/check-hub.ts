import { SyncError } from './errors.ts';
import type { HubFinding } from './hub-finding.ts';
import { messageBytesMax } from './jetstream-hub.ts';
import type { HubClient, HubConnection } from './nats-connection.ts';
import { versionFinding } from './server-version.ts';

export type HubCheck = {
  readonly url: string;
  readonly serverVersion: string;
  readonly findings: readonly HubFinding[];
};

/** Looks whether a server is as it should be. Throws what `connection.client` throws; all else is a finding. */
export async function checkHub(
  connection: HubConnection,
  { signal, replicas = 1 }: { readonly signal: AbortSignal; readonly replicas?: 1 | 3 },
): Promise<HubCheck> {
  const client = await connection.client(signal);
  const version = client.nats.info?.version ?? 'unknown';
  return {
    url: client.url,
    serverVersion: version,
    findings: [
      encryptionFinding(connection.state().encrypted === true),
      versionFinding(version),
      await jetstreamFinding(client),
      payloadFinding(client.payloadBytesMax),
      ...replicaFindings(replicas, client.nats.info?.cluster),
    ],
  };
}

function encryptionFinding(encrypted: boolean): HubFinding {
  return encrypted
    ? { level: 'good', about: 'encryption', message: 'the connection is encrypted' }
    : {
        level: 'advice',
        about: 'encryption',
        message: 'the connection is not encrypted, which is allowed on this machine only',
      };
}

async function jetstreamFinding(client: HubClient): Promise<HubFinding> {
  const about = 'jetstream';
  try {
    await client.manage('ask for JetStream', (manager) => manager.getAccountInfo());
    return { level: 'good', about, message: 'JetStream is on' };
  } catch (error) {
    if (!(error instanceof SyncError)) throw error;
    return {
      level: 'wrong',
      about,
      message: error.message,
      hint: 'Turn JetStream on in the server.',
      code: error.code,
    };
  }
}

function payloadFinding(bytes: number): HubFinding {
  const about = 'payload';
  if (bytes >= messageBytesMax) return { level: 'good', about, message: `messages may have ${bytes} bytes` };
  return {
    level: 'wrong',
    about,
    message: `messages may have ${bytes} bytes only`,
    hint: 'Set max_payload to 1MB in the server and reload it.',
    code: 'HUB_MESSAGE_TOO_LARGE',
  };
}

function replicaFindings(replicas: 1 | 3, cluster: string | undefined): readonly HubFinding[] {
  if (replicas === 1) return [];
  return cluster === undefined
    ? [
        {
          level: 'wrong',
          about: 'replicas',
          message: 'three replicas are wanted, and the server is in no cluster',
          hint: 'Start three servers with the configuration that `crossgap hub config --replicas 3` writes.',
        },
      ]
    : [{ level: 'good', about: 'replicas', message: `the server is in the cluster ${cluster}` }];
}
