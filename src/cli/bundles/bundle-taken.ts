import { placeText, type Imported } from '../../bundles/index.ts';
import type { Instance } from '../../instance/index.ts';
import { readLinks, readWantedBlobs } from '../../projections/index.ts';
import { ago, commandLine, count } from '../../words.ts';
import { indented } from '../table.ts';
import { entriesText } from './bundle-made.ts';
import { hopsOf, wayLines } from './relay-hops.ts';

type OutcomeWord = 'taken in' | 'nothing new' | 'not taken in' | 'taken in partly';

/** What came of a bundle, in a word. */
export function outcomeOf({ failure, isNews }: Imported): OutcomeWord {
  if (failure === undefined) return isNews ? 'taken in' : 'nothing new';
  return isNews ? 'taken in partly' : 'not taken in';
}

/** What came of a bundle, for scripts. */
export function takenDocument(instance: Instance, done: Imported): Record<string, unknown> {
  const { facts, link, entries, known, blobsHeld, waiting, stands, refused, failure } = done;
  const now = instance.clock.now();
  return {
    bundle: facts.number,
    id: facts.id,
    from: facts.from.name,
    to: facts.to.name,
    link: link ?? null,
    words: done.words,
    answered: done.answered,
    outcome: outcomeOf(done),
    sentAt: facts.sentAt,
    ageSeconds: Math.max(0, Math.floor((now - Date.parse(facts.sentAt)) / 1000)),
    entries,
    known,
    after: facts.after,
    last: facts.last,
    packages: packagesIn(instance, blobsHeld),
    waiting: namesOf(instance, waiting),
    putBackTo: stands ?? null,
    refused,
    hops: hopsOf(instance, facts),
    ...(failure !== undefined && { error: failure.code }),
  };
}

/** The packages among what came to be held, by name. */
function packagesIn({ db }: Instance, digests: readonly string[]): string[] {
  const held = new Set(digests);
  const names = readWantedBlobs(db).flatMap(({ digest, pin }) =>
    pin !== null && held.has(digest) ? [`${pin.id} ${pin.version}`] : [],
  );
  return [...new Set(names)];
}

function namesOf({ db }: Instance, digests: readonly string[]): string[] {
  const wanted = readWantedBlobs(db);
  return digests.map((digest) => {
    const blob = wanted.find((one) => one.digest === digest);
    return blob?.pin ? `${blob.pin.id} ${blob.pin.version}` : (blob?.what ?? digest);
  });
}

/** What came of all of them, for people. */
export function takenLines(
  instance: Instance,
  all: readonly Imported[],
  offers: readonly string[],
): string[] {
  const pending = new Set(
    readLinks(instance.db).flatMap(({ name, state }) => (state === 'pending' ? [name] : [])),
  );
  const lines = all.flatMap((done) => linesOf(instance, done, pending.has(done.link ?? '')));
  lines.push(...offers.map((offer) => `${offer} is offered; see: crossgap inbox`));
  const backTo = new Set(
    // Nothing is told to whom nobody is sure of.
    all.flatMap(({ link, isNews }) => (link !== undefined && isNews && !pending.has(link) ? [link] : [])),
  );
  for (const link of backTo)
    lines.push(
      `The receipt goes back with: ${commandLine('bundle', 'export', '--to', link, '--out', 'FOLDER')}`,
    );
  return lines;
}

/** What a person has to do before anything from there counts. */
function compareLines({ link = '', words, answered }: Imported): string[] {
  const answers = answered ? `it answers the invitation of ${link}: ` : '';
  return [
    `${answers}nobody has compared its words yet (${words})`,
    `ask for them by telephone, then: ${commandLine('link', 'confirm', link)} --fingerprint "WORDS"`,
  ];
}

function linesOf(instance: Instance, done: Imported, isPending: boolean): string[] {
  const { facts, words, entries, blobsHeld, waiting, stands, refused, failure, isNews, link = '' } = done;
  const title = `Bundle ${facts.number} from ${facts.from.name}`;
  if (failure !== undefined && !isNews) return [`${title}: not taken in`];
  const made = `made ${ago(facts.sentAt, instance.clock.now())}`;
  const putBack =
    stands === undefined
      ? []
      : [
          `${facts.from.name} was put back to an earlier state: its feed ends at entry ${placeText(stands)}, and more of it is here`,
          `what it lost goes back with: ${commandLine('bundle', 'export', '--to', link, '--out', 'FOLDER')}`,
        ];
  if (!isNews) return [`${title}: nothing new (${made})`, ...indented(putBack)];
  const packages = packagesIn(instance, blobsHeld);
  const came =
    entries === facts.entries ? entriesText(facts) : `${count(entries, 'new entry', 'new entries')}`;
  return [
    `${title}: ${came}, chain good, ${count(packages.length, 'package')} verified (${made}, ${words})`,
    ...indented([
      ...packages.map((name) => `${name} verified`),
      ...refused.map(({ what, code, message }) => `REFUSED ${what}: ${code}: ${message}`),
      ...namesOf(instance, waiting).map((name) => `${name} is still to come`),
      ...wayLines(instance, hopsOf(instance, facts)),
      ...(isPending ? compareLines(done) : []),
      ...putBack,
    ]),
  ];
}
