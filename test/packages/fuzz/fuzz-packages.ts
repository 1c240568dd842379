/*
 * Judges and unpacks packages that are wrong in ways that follow from a seed:
 *
 *     node test/packages/fuzz/fuzz-packages.ts --seed 1 --count 2000
 *
 * Each seed changes one package: its archive by structure, its signature by structure, or its bytes. What must hold of each:
 * nothing is thrown but an error that names what is wrong, the verdict is no better than the original's, what is
 * unpacked stays where it belongs and is whole or not there. Ends with 1 at the first seed where that is not so and prints
 * how to repeat it; at the end one line of JSON tells what was met.
 */
import assert from 'node:assert/strict';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { inspect, parseArgs } from 'node:util';
import {
  extractPackage,
  PackageError,
  verifyPackage,
  type PackageReport,
} from '../../../src/packages/index.ts';
import { defaultZipLimits, type ZipLimits } from '../../../src/packages/zip/zip-layout.ts';
import { sha256 } from '../../support/build-nupkg.ts';
import { bases, type Base } from './bases.ts';
import { mutateArchive, withOtherSignature } from './mutate-archive.ts';
import { mutateBytes } from './mutate-bytes.ts';
import { mutateDer } from './mutate-der.ts';
import { randomFrom } from './random.ts';
import { memory } from '../../support/in-memory.ts';

const limits: ZipLimits = { ...defaultZipLimits, totalBytesMax: 2 ** 22, ratioFromBytes: 2 ** 20 };

type Original = Base & { readonly report: PackageReport; readonly files: ReadonlyMap<string, string> };
export type Met = {
  readonly cases: number;
  /** Verdicts: `ok`, or the codes of the errors; and how often each. */
  readonly verdicts: Readonly<Record<string, number>>;
  readonly unpacked: number;
  /** The most processor time that one package took, and the most memory that this process had. */
  readonly msMax: number;
  readonly slowestSeed: number;
  readonly peakMiB: number;
};

/** The package of a seed, and what it was made from. */
function packageOf(
  seed: number,
  originals: readonly Original[],
): { original: Original; bytes: Buffer; onlySignature: boolean } {
  const random = randomFrom(seed);
  // Mostly the one with entries of every kind: those with time stamps take ten times as long to judge.
  const original = seed % 20 === 0 ? random.pick(originals) : originals[0]!;
  const signature = (bytes: Buffer): Buffer => mutateDer(bytes, random);
  const way = random.below(10);
  const onlySignature = way >= 6 && way < 9;
  if (onlySignature) return { original, bytes: withOtherSignature(original.bytes, signature), onlySignature };
  const bytes =
    way < 5 ? mutateArchive(original.bytes, random, signature) : mutateBytes(original.bytes, random);
  return { original, bytes, onlySignature };
}

/** A folder in which packages are put and unpacked, with things beside it that must stay as they are. */
function sandbox(): {
  readonly root: string;
  readonly file: string;
  readonly out: string;
  check(out: boolean): void;
} {
  const root = mkdtempSync(join(memory, 'crossgap-fuzz-'));
  const box = join(root, 'box', 'inner');
  mkdirSync(box, { recursive: true });
  writeFileSync(join(root, 'canary'), 'untouched');
  const file = join(box, 'in.nupkg');
  const listed = (folder: string, names: readonly string[]): void =>
    assert.deepEqual(readdirSync(folder).toSorted(), names, `something else is in ${folder}`);
  return {
    root,
    file,
    out: join(box, 'out'),
    check(out) {
      listed(root, ['box', 'canary']);
      listed(join(root, 'box'), ['inner']);
      listed(box, out ? ['in.nupkg', 'out'] : ['in.nupkg']);
      assert.equal(readFileSync(join(root, 'canary'), 'utf8'), 'untouched');
    },
  };
}

type Sandbox = ReturnType<typeof sandbox>;

async function verdictOf(file: string, { pins, at }: Pick<Base, 'pins' | 'at'>): Promise<PackageReport> {
  return await verifyPackage(file, { trust: { fingerprints: new Set(pins) }, at, limits });
}

/** What is unpacked, file by file with its digest; an error that is told of by name is undefined. */
async function unpacked(box: Sandbox, digest: string): Promise<Map<string, string> | undefined> {
  let files: string[];
  try {
    ({ files } = await extractPackage(box.file, box.out, { expectedSha256: digest, limits }));
  } catch (error) {
    if (!(error instanceof PackageError)) throw error;
    box.check(false);
    return undefined;
  }
  box.check(true);
  const found = readdirSync(box.out, { recursive: true, encoding: 'utf8', withFileTypes: true });
  for (const one of found)
    assert(one.isFile() || one.isDirectory(), `${one.name} is neither file nor folder`);
  assert.equal(found.filter((one) => one.isFile()).length, files.length);
  const read = (name: string): [string, string] => {
    const path = join(box.out, name);
    assert.equal(lstatSync(path).mode & 0o7111, 0, `${name} may be run`);
    return [name, sha256(readFileSync(path))];
  };
  const contents = new Map(files.map(read));
  rmSync(box.out, { recursive: true });
  return contents;
}

async function originalsIn(box: Sandbox): Promise<Original[]> {
  const originals: Original[] = [];
  for (const base of bases()) {
    writeFileSync(box.file, base.bytes);
    const report = await verdictOf(box.file, base);
    const files = (await unpacked(box, report.sha256)) ?? new Map<string, string>();
    originals.push({ ...base, report, files });
  }
  assert(originals[0]?.report.ok, 'the first package is one to be believed');
  return originals;
}

function checkVerdict(report: PackageReport, original: Original): void {
  const [is, was] = [report.signature, original.report.signature];
  assert(!report.trusted || original.report.trusted, 'it is trusted, and the original is not');
  assert(
    is?.valid !== true || was?.valid === true,
    'its signature is valid, and the original has none that is',
  );
  if (is?.valid === true)
    assert.equal(report.contentDigest, original.report.contentDigest, 'its content is another');
  if (!report.ok) {
    assert(
      report.problems.some(({ severity }) => severity === 'error'),
      'it is refused without a reason',
    );
    return;
  }
  assert(original.report.ok, 'it is good, and the original is not');
  assert.deepEqual([report.id, report.version], [original.report.id, original.report.version]);
  assert.deepEqual(is?.signer, was?.signer, 'it is signed by another');
  assert(is?.timestamp === null || is?.timestamp === was?.timestamp, 'it was signed at another time');
}

async function judge(
  seed: number,
  originals: readonly Original[],
  box: Sandbox,
): Promise<{ verdict: string; files: number }> {
  const { original, bytes, onlySignature } = packageOf(seed, originals);
  writeFileSync(box.file, bytes);
  // Another signature leaves the archive around it as it was.
  const contents = onlySignature ? undefined : await unpacked(box, sha256(bytes));
  const files = contents?.size ?? 0;
  // Of archives that nothing is unpacked from, every fourth is judged as well: it is the signature that takes the time.
  if (!onlySignature && contents === undefined && seed % 4 !== 0) return { verdict: 'not unpacked', files };
  const report = await verdictOf(box.file, original);
  assert.equal(report.sha256, sha256(bytes));
  checkVerdict(report, original);
  if (report.ok) {
    assert.deepEqual(
      contents ?? (await unpacked(box, report.sha256)),
      original.files,
      'it unpacks to something else',
    );
    return { verdict: 'ok', files };
  }
  const codes = report.problems.filter(({ severity }) => severity === 'error').map(({ code }) => code);
  return { verdict: [...new Set(codes)].toSorted().join(' '), files };
}

/** Of this process alone, where the system tells that. */
function peakMemoryMiB(): number {
  const status = existsSync('/proc/self/status') ? readFileSync('/proc/self/status', 'utf8') : '';
  const peakKiB = Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? process.resourceUsage().maxRSS);
  return Math.round(peakKiB / 1024);
}

async function fuzz(first: number, count: number): Promise<Met | undefined> {
  const box = sandbox();
  try {
    const originals = await originalsIn(box);
    const verdicts: Record<string, number> = {};
    let [filesUnpacked, msMax, slowestSeed] = [0, 0, first];
    for (let seed = first; seed < first + count; seed += 1) {
      if (seed % 100 === 0) process.stderr.write(`${seed}\n`);
      const began = process.cpuUsage();
      try {
        const { verdict, files } = await judge(seed, originals, box);
        verdicts[verdict] = (verdicts[verdict] ?? 0) + 1;
        filesUnpacked += files;
      } catch (error) {
        const again = `node test/packages/fuzz/fuzz-packages.ts --seed ${seed} --count 1`;
        process.stderr.write(`${inspect(error)}\nRepeat it: ${again}\n`);
        return undefined;
      }
      const { user, system } = process.cpuUsage(began);
      const ms = (user + system) / 1000;
      if (ms > msMax) [msMax, slowestSeed] = [ms, seed];
    }
    const peakMiB = peakMemoryMiB();
    return { cases: count, verdicts, unpacked: filesUnpacked, msMax, slowestSeed, peakMiB };
  } finally {
    rmSync(box.root, { recursive: true });
  }
}

const { values } = parseArgs({ options: { seed: { type: 'string' }, count: { type: 'string' } } });
const met = await fuzz(Number(values.seed ?? 1), Number(values.count ?? 100));
if (met === undefined) process.exitCode = 1;
else process.stdout.write(`${JSON.stringify(met)}\n`);
