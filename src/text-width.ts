// oxlint-disable-next-line no-control-regex -- our own colours begin with one
const colours = /\u001b\[\d+m/g;

const plainText = /^[ -~]*$/;
/** Made for the first text that is not plain: it takes the tables of Unicode, which most commands never need. */
let characters: Intl.Segmenter | undefined;

/** How many columns a text takes, colours apart. */
export function widthOf(cell: string): number {
  const shown = cell.replaceAll(colours, '');
  if (plainText.test(shown)) return shown.length;
  characters ??= new Intl.Segmenter();
  return [...characters.segment(shown)].length;
}
