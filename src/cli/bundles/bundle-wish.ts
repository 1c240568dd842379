import { partBytesDefault } from '../../bundles/index.ts';
import { bytesNamed, numberNamed } from '../given/byte-size.ts';
import { misuse } from '../command.ts';

/** What a person asked `bundle export` for. */
export type Given = {
  readonly 'part-size': string | undefined;
  readonly after: string | undefined;
  readonly bundle: string | undefined;
  readonly part: string | undefined;
  readonly release: string | undefined;
  readonly again: boolean;
  readonly whole: boolean;
  readonly preview: boolean;
};

/** The wish in numbers, where its parts fit one another. @throws CliError USAGE_INVALID */
export function readWish(given: Given, isWrapped = false) {
  const numbered = (name: 'after' | 'bundle' | 'part'): number | undefined => {
    const raw = given[name];
    return raw === undefined ? undefined : numberNamed(raw, `--${name}`);
  };
  const [after, bundle, part] = [numbered('after'), numbered('bundle'), numbered('part')];
  if (part !== undefined && bundle === undefined)
    throw misuse(
      'Cannot make one part: --part needs the bundle it is of',
      'Say --bundle N as well; see `crossgap bundle list`.',
    );
  // A program around a bundle is called after the release, whichever time it is made.
  const contrary =
    (isWrapped ? undefined : (given.release ?? given['part-size'])) ??
    (given.again || given.whole || given.preview || after !== undefined);
  if (bundle !== undefined && contrary !== undefined && contrary !== false)
    throw misuse(
      'Cannot make a bundle again otherwise: with --bundle it is what it was',
      'Leave out the other options, or leave out --bundle to make a new one.',
    );
  if (after !== undefined && given.again)
    throw misuse(
      'Cannot send everything and leave something out: --again contradicts --after',
      'Say one of them.',
    );
  const raw = given['part-size'];
  return {
    after,
    bundle,
    part,
    partBytes: raw === undefined ? partBytesDefault : bytesNamed(raw, '--part-size'),
  };
}

/** What others sent each other is passed on as it came. @throws CliError USAGE_INVALID */
export function refuseChanges(given: Given): void {
  const { release, again, whole, preview, after, 'part-size': partSize } = given;
  if ((release ?? partSize ?? after) === undefined && !again && !whole && !preview) return;
  throw misuse(
    'Cannot pass a bundle on otherwise than it came: nobody here can open it',
    'Leave out the other options; --bundle and --part say which of the bundles and parts that lie here.',
  );
}

/** The folder for the files. @throws CliError USAGE_INVALID where nobody said which */
export function neededOut(out: string | undefined): string {
  if (out !== undefined) return out;
  throw misuse('Cannot write a bundle: nobody said where to', 'Say --out FOLDER, or --preview to only look.');
}
