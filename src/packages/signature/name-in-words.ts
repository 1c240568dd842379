import type { Name } from '@peculiar/asn1-x509';

const shortNames: Readonly<Record<string, string>> = {
  '2.5.4.3': 'CN',
  '2.5.4.5': 'serialNumber',
  '2.5.4.6': 'C',
  '2.5.4.7': 'L',
  '2.5.4.8': 'ST',
  '2.5.4.10': 'O',
  '2.5.4.11': 'OU',
  '1.2.840.113549.1.9.1': 'emailAddress',
  '0.9.2342.19200300.100.1.25': 'DC',
};

/** A distinguished name for people, as Node writes the subject of a certificate, on one line. */
export function nameInWords(name: Name): string {
  return name
    .map((parts) =>
      parts.map(({ type, value }) => `${shortNames[type] ?? type}=${value.toString()}`).join(' + '),
    )
    .join(', ');
}
