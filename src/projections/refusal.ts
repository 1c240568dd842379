import type { WantedBlob } from './release-board.ts';

/** Why something that came is not used, in words: changed bytes are asked for again, what is wrong by itself is not. */
export function refusalInWords({ what: kind, pin, refused, final }: WantedBlob): string {
  const what = pin === null ? kind : `${pin.id} ${pin.version}`;
  const { parts = [], problems = [] } = refused ?? {};
  const others = parts.filter((part) => part !== what);
  if (final) return `${what} was refused: ${[...others, ...problems].join(', ')}`;
  if (others.length === 0) return `${what} was changed on the way; it has been asked for again`;
  const were = others.length === 1 ? 'was' : 'were';
  return `${what}: ${others.join(', ')} ${were} changed on the way; it has been asked for again`;
}
