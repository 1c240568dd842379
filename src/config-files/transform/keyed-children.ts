/**
 * Children of one element by the value of one attribute, so that a hundred keyed transforms do not look at twenty
 * thousand settings each. Made when the same is asked a second time, and kept in step with the tree.
 */
import type { ChildKey, TreeChild, TreeElement, TreeParent } from './tree-node.ts';

/** The children of that key and value in document order; undefined where they have to be looked through. */
export function childrenByKey(
  parent: TreeParent,
  key: ChildKey,
  value: string,
): readonly TreeElement[] | undefined {
  const known = parent.keyed?.find(
    (one) =>
      one.attributeName === key.attributeName &&
      one.localName === key.localName &&
      one.namespace === key.namespace &&
      one.attributeNamespace === key.attributeNamespace,
  );
  if (known === undefined) {
    parent.keyed = [...(parent.keyed ?? []), { ...key, byValue: undefined }];
    return undefined;
  }
  known.byValue ??= collected(parent, known);
  return known.byValue.get(value) ?? [];
}

/** A child was put into the tree; `isLast` where no other follows it. */
export function childWasPut(parent: TreeParent, child: TreeChild, isLast: boolean): void {
  if (parent.keyed === undefined || child.kind !== 'element') return;
  if (!isLast) parent.keyed = undefined;
  else for (const keyed of parent.keyed) if (keyed.byValue !== undefined) add(keyed.byValue, keyed, child);
}

export function childWasRemoved(parent: TreeParent, child: TreeChild): void {
  if (parent.keyed === undefined || child.kind !== 'element') return;
  for (const keyed of parent.keyed) {
    const value = keyed.byValue === undefined ? undefined : valueOf(child, keyed);
    if (value === undefined) continue;
    const left = keyed.byValue!.get(value)!.filter((one) => one !== child);
    keyed.byValue!.set(value, left);
  }
}

/** An attribute of an element came, went or changed its value. */
export function attributeChanged(element: TreeElement, localName: string): void {
  const { parent } = element;
  if (parent?.keyed?.some(({ attributeName }) => attributeName === localName) === true)
    parent.keyed = undefined;
}

function collected(parent: TreeParent, key: ChildKey): Map<string, TreeElement[]> {
  const byValue = new Map<string, TreeElement[]>();
  for (let child = parent.first; child !== undefined; child = child.next) {
    if (child.kind === 'element') add(byValue, key, child);
  }
  return byValue;
}

function add(byValue: Map<string, TreeElement[]>, key: ChildKey, child: TreeElement): void {
  const value = valueOf(child, key);
  if (value === undefined) return;
  const same = byValue.get(value);
  if (same === undefined) byValue.set(value, [child]);
  else same.push(child);
}

function valueOf(child: TreeElement, key: ChildKey): string | undefined {
  if (child.localName !== key.localName || child.namespace !== key.namespace) return undefined;
  return child.attributes.find(
    (one) => one.localName === key.attributeName && one.namespace === key.attributeNamespace,
  )?.value;
}
