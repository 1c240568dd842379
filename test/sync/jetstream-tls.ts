import { generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import forge from 'node-forge';

/** An authority of a test that signs servers' certificates. */
export type Authority = {
  /** PEM, as an invitation carries it. */
  readonly ca: string;
  /** Writes certificate and key below `dir`; returns what stands in a server's `tls { }`. */
  server(dir: string, names?: readonly string[], days?: number): string;
};

const dayMs = 86_400_000;

export function authority(commonName: string): Authority {
  const own = certificate(commonName);
  return {
    ca: own.pem,
    server(dir, names = ['127.0.0.1', 'localhost'], days = 30) {
      const { pem, key } = certificate('a hub', { names, days, issuer: own });
      const [certFile, keyFile] = [join(dir, 'hub.crt'), join(dir, 'hub.key')];
      writeFileSync(certFile, pem);
      writeFileSync(keyFile, key);
      return `cert_file: ${JSON.stringify(certFile)}, key_file: ${JSON.stringify(keyFile)}`;
    },
  };
}

type Made = { readonly pem: string; readonly key: string; readonly forged: forge.pki.Certificate };

function certificate(
  commonName: string,
  wish: { readonly names?: readonly string[]; readonly days?: number; readonly issuer?: Made } = {},
): Made {
  const { names, days = 30, issuer } = wish;
  const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const key = pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const forged = forge.pki.createCertificate();
  forged.publicKey = forge.pki.publicKeyFromPem(
    pair.publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  );
  forged.serialNumber = '01';
  const from = Date.now() + Math.min(0, days * dayMs) - dayMs;
  forged.validity.notBefore = new Date(from);
  forged.validity.notAfter = new Date(Date.now() + days * dayMs);
  const subject = [{ name: 'commonName', value: commonName }];
  forged.setSubject(subject);
  forged.setIssuer(issuer ? issuer.forged.subject.attributes : subject);
  forged.setExtensions(
    issuer
      ? [
          {
            name: 'subjectAltName',
            altNames: names?.map((name) =>
              /^[\d.]+$/.test(name) ? { type: 7, ip: name } : { type: 2, value: name },
            ),
          },
        ]
      : [{ name: 'basicConstraints', cA: true, critical: true }],
  );
  forged.sign(forge.pki.privateKeyFromPem(issuer?.key ?? key), forge.md.sha256.create());
  return { pem: forge.pki.certificateToPem(forged), key, forged };
}
