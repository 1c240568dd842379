/**
 * White space between nodes: what was removed leaves no blank line, what came from the transform gets lines of its
 * own, indented as its neighbours are. Done once, on the finished tree, exactly as Microsoft's library does it.
 */
import { ConfigFileError } from '../errors.ts';
import { AttributeLayout, hasRecordedSpaces, newLineAsRead, placedAsRead } from './attribute-layout.ts';
import { insertChild, isNew, newLeaf, removeChild } from './tree.ts';
import type { TreeChild, TreeDocument, TreeElement, TreeLeaf, TreeParent } from './tree-node.ts';
import type { Placing } from './write-tree.ts';

/** Levels of elements in a result: more than any file may have, since transforms put files into one another. */
const depthMax = 2000;

type Level = {
  readonly element: TreeElement;
  readonly indent: string;
  readonly attributeIndent: string | undefined;
};

/**
 * Puts white space where it belongs, and tells where the attributes of each element go. Throws ConfigFileError
 * `XML_TOO_LARGE` for a tree so deep that its indentation alone would be a burden.
 */
export function layOut(document: TreeDocument): Placing {
  const layouts = new Map<TreeElement, AttributeLayout>();
  const levels: Level[] = [];
  const newLines = newLineFinder(layouts);
  let indent: string | undefined = '';
  let attributeIndent: string | undefined;
  let step: string | undefined;
  let current: TreeChild | undefined;
  let previous: TreeChild | undefined;

  const visit = (node: TreeChild): void => {
    previous = current;
    current = node;
  };
  const indentHere = (): string => {
    indent ??= lookedAhead(current!.parent) ?? (levels.at(-1)?.indent ?? '') + stepHere();
    return indent;
  };
  const stepHere = (): string => {
    step ??= stepOf(levels.map((level) => level.indent));
    return step;
  };
  const attributeIndentHere = (): string => {
    attributeIndent ??= newLines.besides(current as TreeElement) ?? indentHere() + stepHere();
    return attributeIndent;
  };
  const needsIndent = (node: TreeChild): boolean =>
    previous?.kind !== 'space' && previous?.kind !== 'text' && (isNew(node) || isNew(previous));
  const indentBefore = (node: TreeChild): void => {
    // Outside the root there is no line to give: the document would not be well-formed to the library.
    if (!needsIndent(node) || node.parent?.kind !== 'element') return;
    insertChild(node.parent, newLeaf('space', indentHere()), node);
  };

  const enter = (element: TreeElement): void => {
    if (levels.length >= depthMax) {
      throw new ConfigFileError(
        'XML_TOO_LARGE',
        `Cannot write the transformed XML: elements stand more than ${depthMax} deep in one another`,
        {
          hint: 'Look at the transforms that insert elements into what they inserted.',
          details: { depthMax },
        },
      );
    }
    newLines.passed(element);
    indentBefore(element);
    if (element.altered || !hasRecordedSpaces(element)) {
      layouts.set(element, new AttributeLayout(element, attributeIndentHere, newLines.told(element)));
    }
    levels.push({ element, indent: indentHere(), attributeIndent });
    indent = undefined;
    attributeIndent = undefined;
    if (element.original) keepLineBeforeEnd(element);
  };
  const leave = (): TreeElement => {
    const level = levels.pop()!;
    const { element } = level;
    visit(element);
    indent = level.indent;
    attributeIndent = level.attributeIndent;
    if (!element.empty && needsIndent(element)) insertChild(element, newLeaf('space', indentHere()));
    return element;
  };
  const space = (node: TreeLeaf): void => {
    const tail = tailOf(node.value);
    if (previous?.kind === 'space') {
      if (tail === undefined && tailOf(previous.value) !== undefined) {
        removeChild(node);
        current = previous;
        return;
      }
      removeChild(previous);
    }
    if (tail === undefined || tail === indent) return;
    indent = tail;
    step = undefined;
    attributeIndent = undefined;
  };

  let node = document.first;
  while (node !== undefined || levels.length > 0) {
    if (node === undefined) {
      node = leave().next;
      continue;
    }
    const next: TreeChild | undefined = node.next;
    visit(node);
    if (node.kind === 'element') {
      enter(node);
      node = node.first;
      continue;
    }
    if (node.kind === 'comment') indentBefore(node);
    else if (node.kind === 'space') space(node);
    node = next;
  }
  return (element) => layouts.get(element)?.placed() ?? placedAsRead(element);
}

/** The last line end and the blanks after it; undefined without a line end. */
function tailOf(space: string): string | undefined {
  const end = Math.max(space.lastIndexOf('\n'), space.lastIndexOf('\r'));
  if (end < 0) return undefined;
  return space.slice(space[end] === '\n' && space[end - 1] === '\r' ? end - 1 : end);
}

function lookedAhead(parent: TreeParent | undefined): string | undefined {
  for (let child = parent?.first; child !== undefined; child = child.next) {
    if (child.kind !== 'space' || child.next === undefined) continue;
    const tail = tailOf(child.value);
    if (tail !== undefined) return tail;
  }
  return undefined;
}

/** What one level of indentation adds, from the indents of the levels around, the innermost last. */
function stepOf(indents: readonly string[]): string {
  for (let n = indents.length - 1; n > 0; n -= 1) {
    const [upper, lower] = [indents[n]!, indents[n - 1]!];
    if (upper.startsWith(lower)) return upper.slice(lower.length);
  }
  const outermost = indents[0] ?? '';
  const blank = outermost.search(/[^\r\n]/);
  // One character short, as the library has it.
  return blank >= 0 && blank < outermost.length - 1 ? outermost.slice(blank + 1) : '\t';
}

/** Where new elements stand behind the white space before an end tag, that white space goes to the end again. */
function keepLineBeforeEnd(element: TreeElement): void {
  let child = element.last;
  if (child === undefined || child.kind === 'space') return;
  while (child?.kind === 'element' && isNew(child)) child = child.previous;
  if (child?.kind !== 'space') return;
  removeChild(child);
  insertChild(element, child);
}

/**
 * What attributes on new lines begin with among the elements beside one: the one directly before decides, else the
 * first one after it that has such a line. What was found ahead is remembered for each parent until it is passed.
 */
function newLineFinder(layouts: ReadonlyMap<TreeElement, AttributeLayout>) {
  const asked = new Map<TreeElement, string>();
  const ahead = new Map<TreeParent, TreeElement | 'none'>();
  const newLineOf = (element: TreeElement): string | undefined => {
    const laid = layouts.get(element);
    if (laid !== undefined) return laid.newLine();
    const found = element.original ? newLineAsRead(element) : undefined;
    if (found !== undefined && element.altered) asked.set(element, found);
    return found;
  };
  return {
    /** What an element that is laid out later has told already; it stays so. */
    told: (element: TreeElement) => asked.get(element),
    passed(element: TreeElement): void {
      if (ahead.size > 0 && ahead.get(element.parent!) === element) ahead.delete(element.parent!);
    },
    besides(element: TreeElement): string | undefined {
      let before = element.previous;
      while (before !== undefined && before.kind !== 'element') before = before.previous;
      const found = before === undefined ? undefined : newLineOf(before);
      if (found !== undefined || element.parent === undefined) return found;
      const known = ahead.get(element.parent);
      if (known !== undefined) return known === 'none' ? undefined : newLineOf(known);
      for (let after = element.next; after !== undefined; after = after.next) {
        if (after.kind !== 'element') continue;
        const later = newLineOf(after);
        if (later === undefined) continue;
        ahead.set(element.parent, after);
        return later;
      }
      ahead.set(element.parent, 'none');
      return undefined;
    },
  };
}
