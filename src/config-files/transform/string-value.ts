import { following } from './tree.ts';
import type { TreeChild, TreeNode } from './tree-node.ts';

/** Whether a node is text to XPath; what stands directly behind other text is part of it. */
export function isTextual(node: TreeNode | undefined): boolean {
  switch (node?.kind) {
    case 'text':
    case 'space':
    case 'significant':
    case 'cdata':
      return true;
    default:
      return false;
  }
}

/** The text of a node as XPath sees it; references to entities are not expanded. */
export function stringValue(node: TreeNode): string {
  switch (node.kind) {
    case 'element':
    case 'document': {
      let text = '';
      for (
        let at: TreeChild | undefined = following(node, node);
        at !== undefined;
        at = following(at, node)
      ) {
        if (at.kind === 'text' || at.kind === 'space' || at.kind === 'significant' || at.kind === 'cdata') {
          text += at.value;
        }
      }
      return text;
    }
    case 'text':
    case 'space':
    case 'significant':
    case 'cdata': {
      let text = node.value;
      for (let at = node.next; at !== undefined && isTextual(at); at = at.next) {
        if (at.kind !== 'element') text += at.value;
      }
      return text;
    }
    default:
      return node.value;
  }
}
