import { AsnConvert } from '@peculiar/asn1-schema';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CompanyCertificate } from '../../src/identity/index.ts';
import { TimeStampRequest } from '../../src/packages/signature/timestamp-types.ts';
import { makeCertificate, pem } from './certificates.ts';

export type TimeAuthorityWish = {
  readonly certificate?: CompanyCertificate;
  /** What the statement is signed with. */
  readonly digest?: 'sha1' | 'sha256' | 'sha512';
  /** The hashes it takes. */
  readonly takes?: string;
  /** What it makes of a request before it is answered, and of the answer before it is sent. */
  readonly asked?: (request: Buffer) => Buffer;
  readonly answered?: (answer: Buffer) => Buffer;
  /** Answers in its place. */
  readonly instead?: (request: IncomingMessage, response: ServerResponse) => void;
};

/** A time stamp authority on this machine: `openssl ts` behind a small HTTP server. */
export type TimeAuthority = AsyncDisposable & {
  readonly url: string;
  readonly certificate: CompanyCertificate;
  /** What was asked of it so far. */
  readonly requests: readonly { readonly contentType: string | undefined; readonly body: Buffer }[];
};

/** A request with something else in it, for `asked`. */
export function altered(change: (request: TimeStampRequest) => void): (request: Buffer) => Buffer {
  return (bytes) => {
    const request = AsnConvert.parse(bytes, TimeStampRequest);
    change(request);
    return Buffer.from(AsnConvert.serialize(request));
  };
}

/** A certificate for stamping times, issued by a root. */
export function timeCertificate(
  wish: Partial<Parameters<typeof makeCertificate>[0]> = {},
): CompanyCertificate {
  const root = makeCertificate({ commonName: 'Time root', isAuthority: true });
  return makeCertificate({ commonName: 'Time', purposes: ['timeStamping'], issuer: root, ...wish });
}

export async function timeAuthority(wish: TimeAuthorityWish = {}): Promise<TimeAuthority> {
  const certificate = wish.certificate ?? timeCertificate();
  const folder = mkdtempSync(join(tmpdir(), 'time-authority-'));
  writeSettings(folder, certificate, wish);
  const requests: { contentType: string | undefined; body: Buffer }[] = [];
  const server = createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('end', () => {
      const body = Buffer.concat(pieces);
      requests.push({ contentType: request.headers['content-type'], body });
      if (wish.instead) return wish.instead(request, response);
      const answer = stamped(folder, wish.asked?.(body) ?? body);
      response.setHeader('content-type', 'application/timestamp-reply');
      return response.end(wish.answered?.(answer) ?? answer);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/tsa`,
    certificate,
    requests,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function writeSettings(folder: string, certificate: CompanyCertificate, wish: TimeAuthorityWish): void {
  const file = (name: string, content: string): string => {
    writeFileSync(join(folder, name), content);
    return join(folder, name);
  };
  const settings = {
    serial: file('serial', '01\n'),
    signer_cert: file('signer.pem', pem(certificate)),
    certs: file('chain.pem', certificate.chain.map((_der, at) => pem(certificate, at)).join('\n')),
    signer_key: file('key.pem', certificate.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()),
    signer_digest: wish.digest ?? 'sha256',
    default_policy: '1.2.3.4.1',
    digests: wish.takes ?? 'sha256, sha384, sha512',
    accuracy: 'secs:1',
    ess_cert_id_alg: 'sha256',
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name} = ${value}`);
  file('openssl.cnf', `[tsa]\ndefault_tsa = here\n[here]\n${lines.join('\n')}\n`);
}

function stamped(folder: string, request: Buffer): Buffer {
  const [query, reply] = [join(folder, 'query.tsq'), join(folder, 'reply.tsr')];
  writeFileSync(query, request);
  const settings = ['-config', join(folder, 'openssl.cnf')];
  execFileSync('openssl', ['ts', '-reply', ...settings, '-queryfile', query, '-out', reply], {
    stdio: 'ignore',
  });
  return readFileSync(reply);
}
