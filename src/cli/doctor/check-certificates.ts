import { certificateFacts, openIntroduction } from '../../identity/index.ts';
import type { Instance } from '../../instance/index.ts';
import { readLinks } from '../../projections/index.ts';
import { moment } from '../../words.ts';
import { advice, good, type Finding } from './finding.ts';

const soonMs = 30 * 24 * 3600 * 1000;

/** Company certificates that are over or soon will be: what was signed stays good, what will be signed does not. */
export function checkCertificates({ identity, clock, db }: Instance): Finding[] {
  const now = clock.now();
  const { subject, notAfter } = identity.certificate;
  const own =
    notAfter - now > soonMs
      ? good('certificate', `our certificate ${subject} is valid until ${moment(notAfter)}`)
      : advice(
          'certificate',
          `our certificate ${subject} ${ended(notAfter, now)} ${moment(notAfter)}`,
          'Get a new one in time: packages signed after its end are refused everywhere; then introduce it with `crossgap identity rotate --certificate PFX`.',
        );
  const theirs = readLinks(db).flatMap(({ name, state, introduction }) => {
    if (state === 'removed' || introduction === null) return [];
    const facts = certificateFacts(openIntroduction(introduction).chain[0]!);
    if (facts.notAfter - now > soonMs) return [];
    const message = `the certificate of ${name} ${ended(facts.notAfter, now)} ${moment(facts.notAfter)}`;
    const hint = 'Ask them to introduce a new one; the packages they sign afterwards are refused here.';
    return [{ ...advice('certificate', message, hint), link: name }];
  });
  return [own, ...theirs.slice(0, 10)];
}

function ended(at: number, now: number): string {
  return at < now ? 'was valid until' : 'ends on';
}
