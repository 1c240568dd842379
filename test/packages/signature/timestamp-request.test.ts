import { AsnConvert } from '@peculiar/asn1-schema';
import { createHash, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readAs, readCms } from '../../../src/packages/signature/cms.ts';
import { TstInfo } from '../../../src/packages/signature/cms-types.ts';
import { requestTimestamp } from '../../../src/packages/signature/timestamp-request.ts';
import { TimeStampRequest } from '../../../src/packages/signature/timestamp-types.ts';
import { makeCertificate } from '../../support/certificates.ts';
import { requires } from '../../support/requires.ts';
import {
  altered,
  timeAuthority,
  timeCertificate,
  type TimeAuthority,
  type TimeAuthorityWish,
} from '../../support/time-authority.ts';

const signature = randomBytes(256);

/** What asking an authority like this comes to: the token, or the refusal. */
async function asking(wish: TimeAuthorityWish, more: object = {}): Promise<Buffer> {
  await using authority = await timeAuthority(wish);
  return await requestTimestamp(signature, { url: authority.url, hash: 'sha256', ...more });
}
const refusal = (nuget: string): object => ({
  code: 'PACKAGE_TIMESTAMP_INVALID',
  exitCode: 4,
  message: expect.stringContaining(`(${nuget})`),
  details: { nuget },
});

if (requires('openssl', 'time stamps are asked of a real authority')) {
  describe('a time stamp authority', () => {
    let authority: TimeAuthority;
    beforeAll(async () => {
      authority = await timeAuthority();
    });
    afterAll(async () => authority[Symbol.asyncDispose]());

    test.each(['sha256', 'sha384', 'sha512'] as const)('stamps a signature by its %s', async (hash) => {
      const token = readCms(await requestTimestamp(signature, { url: authority.url, hash }));
      const { messageImprint, genTime } = readAs(token.content, TstInfo);
      const imprint = Buffer.from(messageImprint.hashedMessage.buffer);
      expect(imprint).toEqual(createHash(hash).update(signature).digest());
      expect(Math.abs(genTime.getTime() - Date.now())).toBeLessThan(60_000);
    });

    test('is asked for its certificate, with a positive number of 32 bytes that is new each time', async () => {
      await requestTimestamp(signature, { url: authority.url, hash: 'sha256' });
      const asked = authority.requests.map(({ body }) => AsnConvert.parse(body, TimeStampRequest));
      expect(asked.every(({ certReq, version }) => certReq && version === 1)).toBe(true);
      const nonces = asked.map(({ nonce }) => Buffer.from(nonce!));
      expect(nonces.every((nonce) => nonce.length === 32 && nonce[0]! > 0 && nonce[0]! < 0x80)).toBe(true);
      expect(new Set(nonces.map((nonce) => nonce.toString('hex'))).size).toBe(nonces.length);
      expect(authority.requests.at(-1)!.contentType).toBe('application/timestamp-query');
    });

    test('is believed where its chain leads to the certificates that are named, and not otherwise', async () => {
      const { url, certificate } = authority;
      const named = { url, hash: 'sha256', certificates: certificate.chain.slice(1) } as const;
      await expect(requestTimestamp(signature, named)).resolves.toBeInstanceOf(Buffer);
      const stranger = makeCertificate({ commonName: 'Stranger', isAuthority: true });
      await expect(
        requestTimestamp(signature, { ...named, certificates: stranger.chain }),
      ).rejects.toMatchObject(refusal('NU3028'));
    });
  });

  describe('a time stamp is refused', () => {
    const past = { validFrom: new Date('2020-01-01'), validTo: new Date('2021-01-01') };
    const future = { validFrom: new Date('2100-01-01'), validTo: new Date('2101-01-01') };
    const withLast = (change: (answer: Buffer) => void) => (answer: Buffer) => {
      change(answer);
      return answer;
    };
    const wrong: [string, string, TimeAuthorityWish][] = [
      [
        'for another signature',
        'NU3019',
        {
          asked: altered(({ messageImprint }) => new Uint8Array(messageImprint.hashedMessage.buffer).fill(1)),
        },
      ],
      [
        'that answers another request',
        'NU3026',
        {
          asked: altered((request) => {
            request.nonce = new Uint8Array(randomBytes(32).fill(7, 0, 1)).buffer;
          }),
        },
      ],
      [
        'that does not say which request it answers',
        'NU3026',
        {
          asked: altered((request) => {
            delete request.nonce;
          }),
        },
      ],
      [
        'whose signature was changed',
        'NU3021',
        {
          answered: withLast((answer) => {
            answer[answer.length - 1]! ^= 1;
          }),
        },
      ],
      [
        'of a certificate signed with SHA-1',
        'NU3022',
        { certificate: timeCertificate({ signedWith: 'sha1' }) },
      ],
      ['of a key of 1024 bits', 'NU3023', { certificate: timeCertificate({ keyBits: 1024 }) }],
      ['signed with SHA-1', 'NU3024', { digest: 'sha1' }],
      ['of a certificate that is not valid yet', 'NU3025', { certificate: timeCertificate(future) }],
      ['of a certificate that expired before', 'NU3036', { certificate: timeCertificate(past) }],
      ['that is no time stamp', 'NU3021', { answered: () => Buffer.from('30030201000a', 'hex') }],
      [
        'that is not there, though granted',
        'NU3021',
        { answered: () => Buffer.from('30053003020100', 'hex') },
      ],
      ['that is an error page', 'NU3021', { answered: () => Buffer.from('<html>') }],
    ];
    test.each(wrong)('%s', async (_what, nuget, wish) => {
      await expect(asking(wish)).rejects.toMatchObject(refusal(nuget));
    });

    const bare: TimeAuthorityWish = {
      asked: altered((request) => {
        request.certReq = false;
      }),
    };

    test('without its certificate, and is completed where that is at hand', async () => {
      await expect(asking(bare)).rejects.toMatchObject({ code: 'PACKAGE_TIMESTAMP_INVALID' });
      const certificate = timeCertificate();
      const others = makeCertificate({ commonName: 'Stranger', isAuthority: true }).chain;
      const token = await asking(
        { ...bare, certificate },
        { certificates: [...others, ...certificate.chain.toReversed()] },
      );
      const inside = readCms(token).certificates.map(({ der }) => der.toString('hex'));
      expect(new Set(inside)).toEqual(
        new Set(certificate.chain.map((der) => Buffer.from(der).toString('hex'))),
      );
    });
  });

  describe('no time stamp is had from an authority', () => {
    const silent: [string, RegExp, TimeAuthorityWish][] = [
      [
        'that refuses the hash',
        /it refused \(status 2\): it does not know the algorithm/,
        { takes: 'sha512' },
      ],
      ['that answers with an error', /HTTP 503/, { instead: (_, response) => response.writeHead(503).end() }],
      [
        'that sends us elsewhere',
        /HTTP 302/,
        { instead: (_, response) => response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end() },
      ],
      [
        'that answers without end',
        /larger than 1048576 bytes/,
        { instead: (_, response) => response.end(Buffer.alloc((1 << 20) + 1)) },
      ],
      ['that hangs up', /./, { instead: (request) => request.socket.destroy() }],
    ];
    test.each(silent)('%s', async (_what, message, wish) => {
      const error = {
        code: 'PACKAGE_TIMESTAMP_NOT_GIVEN',
        exitCode: 3,
        message: expect.stringMatching(message),
      };
      await expect(asking(wish)).rejects.toMatchObject(error);
    });

    test('that does not answer in time', async () => {
      await expect(asking({ instead: () => undefined }, { timeoutMs: 100 })).rejects.toMatchObject({
        code: 'PACKAGE_TIMESTAMP_NOT_GIVEN',
        message: expect.stringContaining('it did not answer within 0.1 seconds'),
      });
    });

    test('that is not there', async () => {
      const gone = { url: 'http://127.0.0.1:1/', hash: 'sha256' } as const;
      await expect(requestTimestamp(signature, gone)).rejects.toMatchObject({
        code: 'PACKAGE_TIMESTAMP_NOT_GIVEN',
      });
    });
  });
}
