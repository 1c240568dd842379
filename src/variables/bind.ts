import { folded } from './characters.ts';
import { parseName } from './parse.ts';

/** A stored variable. `literal` values were typed by a person: `#{...}` in them is text. */
export type Variable = {
  readonly name: string;
  readonly value: string | null;
  readonly literal: boolean;
};

/** A place in the tree of names: what `.x` and `[x]` lead to, and the value that stands here, if any. */
export type BoundNode = {
  /** The path that led here, for messages. */
  readonly path: string;
  readonly named: Map<string, BoundNode>;
  readonly indexed: Map<string, BoundNode>;
  /** The variable itself, or the index's own text where no variable of that name exists. */
  value: { readonly text: string; readonly literal: boolean } | undefined;
  /** The value once evaluated; the tree lives only until a variable changes, so it stays true. */
  evaluated: { readonly text: string; readonly missing: readonly string[] } | undefined;
};

/**
 * The tree of paths that the names spell. Of a name only the longest beginning that parses counts; a name of which
 * nothing parses is not reachable from a template. A place made by an index starts with the index text as its value.
 */
export function bindVariables(variables: Iterable<Variable>): BoundNode {
  const root = place('', undefined);
  for (const variable of variables) {
    const path = parseName(variable.name);
    if (path === undefined) continue;
    let node = root;
    for (const step of path) {
      if (step.kind === 'symbol-index') continue;
      const children = step.kind === 'name' ? node.named : node.indexed;
      let child = children.get(folded(step.text));
      if (child === undefined) {
        child =
          step.kind === 'name'
            ? place(node === root ? step.text : `${node.path}.${step.text}`, undefined)
            : place(`${node.path}[${step.text}]`, { text: step.text, literal: false });
        children.set(folded(step.text), child);
      }
      node = child;
    }
    node.value = { text: variable.value ?? '', literal: variable.literal };
  }
  return root;
}

function place(path: string, value: BoundNode['value']): BoundNode {
  return { path, named: new Map(), indexed: new Map(), value, evaluated: undefined };
}
