import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import { importTests } from '../../commands/index.ts';
import { readTestResults } from '../../evidence/index.ts';
import { releaseOf } from '../../instance/index.ts';
import { readEvidence } from '../../projections/index.ts';
import { command, misuse, neededList, text, type Outcome } from '../command.ts';
import { readGivenFile } from '../given/files.ts';
import { ownRelease } from '../given/own-release.ts';
import { R } from '../given/release-names.ts';
import { indented } from '../table.ts';

const resultsBytesMax = 64 * 1024 * 1024;
const failuresShown = 10;

export const importResults = command({
  path: 'tests import',
  about: 'Test results become evidence on exactly this release; the files are kept',
  example: 'crossgap tests import 1.0.0 TestResult.xml',
  args: { R, FILE: neededList('FILE', 'files in the form of JUnit, NUnit, xUnit.net or TRX') },
  options: { type: text('T', 'of which type they are, as `publish-when` calls it') },
  async run(context, { R: named, FILE }, options): Promise<Outcome> {
    const type = typeOf(options.type);
    // Every file is read before anything is stored: all of them or none.
    const read = FILE.map((path) => {
      const bytes = readGivenFile(path, 'test results', resultsBytesMax);
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      return { path, bytes, sha256, results: readTestResults(bytes) };
    });
    const instance = await context.open();
    const { digest } = ownRelease(instance.db, named, 'import tests of');
    for (const { bytes } of read) await instance.blobs.putBytes(bytes);
    const imported = new Set<string>();
    instance.record((db) => {
      const known = new Set(
        readEvidence(db, digest)
          // Said without a type, what is known stays as it is known.
          .filter((one) => type === null || one.type === type)
          .map((one) => one.sha256),
      );
      return read.flatMap(({ path, bytes, sha256, results }) => {
        const { format, passed, failed, skipped } = results;
        const of = { digest, file: basename(path), sha256, sizeBytes: bytes.length };
        const decision = importTests({ ...of, format, passed, failed, skipped, type }, known);
        if (decision.length > 0) imported.add(sha256);
        known.add(sha256);
        return decision;
      });
    });
    const release = ownRelease(instance.db, named, 'import tests of');
    const files = read.map(({ path, sha256, results }) => {
      const { format, passed, failed, skipped, failures } = results;
      return { file: path, sha256, format, passed, failed, skipped, failures, known: !imported.has(sha256) };
    });
    const { passed = 0, failed = 0, skipped = 0 } = release.tests ?? {};
    return {
      document: { release: releaseOf(instance.db, release), digest, type, tests: release.tests, files },
      text: [
        ...files.flatMap((file) => [
          `${file.file}: ${totals(file)}${file.known ? ' (imported before)' : ''}`,
          ...indented(
            file.failures
              .slice(0, failuresShown)
              .map(({ name, message }) => `failed: ${name}: ${message.split('\n')[0] ?? ''}`),
          ),
        ]),
        `Evidence on ${releaseOf(instance.db, release)}: ${totals({ passed, failed, skipped })}`,
      ],
    };
  },
});

/** @throws CliError USAGE_INVALID */
function typeOf(said: string | undefined): string | null {
  if (said === undefined) return null;
  if (/^[\p{L}\p{N}][\p{L}\p{N}._ -]{0,63}$/u.test(said)) return said;
  throw misuse(`Cannot import tests of type ${said}: that is no name of a type`, 'Write letters and digits.');
}

function totals({ passed, failed, skipped }: { passed: number; failed: number; skipped: number }): string {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}
