import { createHash } from 'node:crypto';
import { printable } from '../printable.ts';
import type { InlineScript, ScriptKind } from './plan.ts';

/** A script that a run may start, with its text as it was written: `#{…}` in it is evaluated only when it runs. */
export type PlannedScript = {
  /** Where it stands, for as long as it stands there: `step/web/package/PreDeploy.sh`. */
  readonly place: string;
  /** The same in words. */
  readonly where: string;
  readonly language: ScriptKind;
  /** `the process`, or which package brings it. */
  readonly from: string;
  readonly sizeBytes: number;
  /** Lower-case hex SHA-256 of its bytes. */
  readonly digest: string;
  /** As it is shown: lines end in LF, characters that nobody sees are spelled out, what is too long is cut. */
  readonly text: string;
  /** What of it is not shown as it is, in words; null where all is. */
  readonly remark: string | null;
};

/** What a script belongs to. */
export type ScriptPlace = Pick<PlannedScript, 'place' | 'where'>;

/** A script that stands in the process: `stage` is `run`, `pre-deploy`, `deploy`, `post-deploy`, or `test`. */
export function inlineScript(
  { place, where }: ScriptPlace,
  stage: string,
  { kind, text }: InlineScript,
): PlannedScript {
  return scriptOf(Buffer.from(text, 'utf8'), {
    place: `${place}/${stage}/${kind}`,
    where: stage === 'run' ? where : `${where}, ${stage}`,
    language: kind,
    from: 'the process',
  });
}

const shownLengthMax = 100_000;

type Facts = Omit<PlannedScript, 'sizeBytes' | 'digest' | 'text' | 'remark'>;

/** A script as it is told of, from its bytes. */
export function scriptOf(bytes: Buffer, facts: Facts): PlannedScript {
  const digest = createHash('sha256').update(bytes).digest('hex');
  return { ...facts, sizeBytes: bytes.byteLength, digest, ...shown(bytes, digest) };
}

function shown(bytes: Buffer, digest: string): Pick<PlannedScript, 'text' | 'remark'> {
  const whole = `its SHA-256 is ${digest}`;
  const encoding =
    bytes[0] === 0xff && bytes[1] === 0xfe
      ? 'utf-16le'
      : bytes[0] === 0xfe && bytes[1] === 0xff
        ? 'utf-16be'
        : 'utf-8';
  if (encoding === 'utf-8' && bytes.includes(0))
    return { text: '', remark: `it is no text and is not shown: ${bytes.byteLength} bytes; ${whole}` };
  const decoded = new TextDecoder(encoding).decode(bytes);
  const isWhole = decoded.length <= shownLengthMax;
  const end = isWhole ? decoded.length : decoded.lastIndexOf('\n', shownLengthMax);
  const read = decoded.slice(0, end > 0 ? end : shownLengthMax).replaceAll('\r\n', '\n');
  const text = printable(read);
  const remarks = [
    ...(isWhole
      ? []
      : [`it is cut here: the first ${text.length} of ${decoded.length} characters; ${whole}`]),
    ...(decoded.includes('\u{fffd}') ? ['it has bytes that are no characters, shown as \u{fffd}'] : []),
    ...(text === read
      ? []
      : ['it has characters that are not seen, or turn the direction of writing, spelled out as \\u{…}']),
  ];
  return { text, remark: remarks.length === 0 ? null : remarks.join('; ') };
}
