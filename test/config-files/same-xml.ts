import { SaxesParser } from 'saxes';

type Item =
  | { readonly element: string; readonly attributes: readonly string[]; readonly children: readonly Item[] }
  | { readonly text: string }
  | { readonly comment: string }
  | { readonly instruction: string };

/**
 * The content of an XML text by the rules of the vectors: namespaces and local names, attributes as a set, CDATA as
 * text, comments and instructions in place; white space alone is dropped except below xml:space="preserve".
 */
export function xmlContent(xml: string): readonly Item[] {
  const parser = new SaxesParser({ xmlns: true });
  const roots: Item[] = [];
  const open: { children: Item[]; preserve: boolean }[] = [{ children: roots, preserve: false }];
  let text = '';
  const flush = (): void => {
    const { children, preserve } = open.at(-1)!;
    if (text !== '' && (preserve || text.trim() !== '')) children.push({ text });
    text = '';
  };
  parser.on('text', (more) => (text += more));
  parser.on('cdata', (more) => (text += more));
  parser.on('comment', (comment) => {
    flush();
    open.at(-1)!.children.push({ comment });
  });
  parser.on('processinginstruction', ({ target, body }) => {
    flush();
    open.at(-1)!.children.push({ instruction: `${target} ${body}` });
  });
  parser.on('opentag', (tag) => {
    flush();
    const attributes = Object.values(tag.attributes).filter(
      (one) => one.prefix !== 'xmlns' && one.name !== 'xmlns',
    );
    const space = attributes.find((one) => one.name === 'xml:space')?.value;
    const children: Item[] = [];
    open.at(-1)!.children.push({
      element: `{${tag.uri}}${tag.local}`,
      attributes: attributes.map((one) => `{${one.uri}}${one.local}=${one.value}`).toSorted(),
      children,
    });
    open.push({ children, preserve: space === undefined ? open.at(-1)!.preserve : space === 'preserve' });
  });
  parser.on('closetag', () => {
    flush();
    open.pop();
  });
  parser.on('error', (error) => {
    throw error;
  });
  parser.write(xml).close();
  return roots;
}
