/** Walks the transform document and runs its transforms one by one, each on what those before it left. */
import {
  cloneOf,
  existedBefore,
  newContext,
  nullTarget,
  parentPathOf,
  pathOf,
  placed,
  readTransformAttribute,
  targetParentsOf,
  targetsOf,
  transformAttribute,
  transformNamespace,
  unresolved,
  type ElementContext,
  type Target,
} from './element-context.ts';
import { locators } from './locators.ts';
import { placeOf, TransformFailure, type MessagePlace, type TransformMessage } from './messages.ts';
import { following, placeAt, xmlnsNamespace } from './tree.ts';
import type { TreeAttribute, TreeChild, TreeDocument, TreeElement, TreeNode } from './tree-node.ts';
import { verbs, type Application, type Verb } from './verbs.ts';

/** What a transform run tells as it goes. */
export type Listener = {
  message(message: TransformMessage): void;
  /** What was done, for a verbose log; told only to those who ask, because it is one line and more for each target. */
  readonly detail: ((line: string) => void) | undefined;
};

/** Names that are known, but are no transforms. */
const otherNames: ReadonlySet<string> = new Set([
  ...locators.keys(),
  'AttributeTransform',
  'InsertBase',
  'Locator',
  'Transform',
]);

/** Whether the transform's namespace is declared anywhere; without it a transform does nothing. */
export function declaresTransformNamespace(transform: TreeDocument): boolean {
  return elementsOf(transform).some(({ attributes }) =>
    attributes.some(({ namespace, value }) => namespace === xmlnsNamespace && value === transformNamespace),
  );
}

/**
 * Looks at the elements in the transform's namespace, before anything is applied. Tells of those it does not know;
 * throws TransformFailure for an Import, which would run code that the package brings.
 */
export function inspectTransformElements(transform: TreeDocument, listener: Listener): void {
  for (const element of elementsOf(transform)) {
    if (element.namespace !== transformNamespace) continue;
    if (element.localName === 'Import') throw refusedImport(element);
    tell(listener, 'warning', 'unknown-xdt-element', `Unknown tag '${element.name}'`, element);
  }
}

/** Runs every transform. Failures are told, and the next transform goes on. */
export function applyTransforms(transform: TreeDocument, target: Target, listener: Listener): void {
  let context: ElementContext | undefined;
  let node = transform.first;
  while (node !== undefined) {
    if (node.kind === 'element') {
      const own = newContext(node, context, target);
      if (runElement(own, listener) && node.first !== undefined) {
        context = own;
        node = node.first;
        continue;
      }
    }
    while (node.next === undefined && node.parent?.kind === 'element') {
      node = node.parent;
      context = context?.parent;
    }
    node = node.next;
  }
}

/** Runs the element's own transform, if it has one; false where its children must not be looked at. */
function runElement(context: ElementContext, listener: Listener): boolean {
  try {
    const given = readTransformAttribute(context.element, 'Transform');
    if (given === undefined) return true;
    const verb = verbs.get(given.name);
    if (verb === undefined)
      throw unresolved(given.name, 'Transform', otherNames.has(given.name), given.attribute);
    const run = { ...given, verb, quiet: warningsSuppressed(context.element) };
    execute(context, run, listener);
    return true;
  } catch (error) {
    tellFailure(listener, placed(error, context.element));
    return false;
  }
}

type Run = {
  readonly name: string;
  readonly argumentText: string | undefined;
  readonly attribute: TreeAttribute;
  readonly verb: Verb;
  /** Whether warnings are told as details. */
  readonly quiet: boolean;
};

function execute(context: ElementContext, run: Run, listener: Listener): void {
  const { name, verb, attribute } = run;
  const { line, column } = placeAt(attribute.origin, attribute.at);
  const longName = `${name} (transform line ${line}, ${column})`;
  const warn: Application['warn'] = (kind, message, place = attribute) => {
    // The library falls over a warning about the document itself, which has no file to name.
    if (!run.quiet && place?.kind === 'document') throw nullTarget();
    if (run.quiet) listener.detail?.(`  ${message}`);
    else tell(listener, 'warning', kind, message, place);
  };
  let started = false;
  try {
    if (!targetsFound(context, verb, warn)) {
      listener.detail?.(`Not executing ${longName}`);
      return;
    }
    started = true;
    listener.detail?.(`Executing ${longName}`);
    // Built even where nobody listens: a path that can't be built ends the transform here.
    const path = pathOf(context);
    listener.detail?.(`  on ${path}`);
    const targets = verb.onParents ? targetParentsOf(context) : targetsOf(context);
    const applyTo = (target: TreeNode): void => {
      listener.detail?.(`  ${applyingTo(target)}`);
      verb.apply({
        verb: name,
        context,
        target,
        targets,
        argumentText: run.argumentText,
        warn,
        detail: (message) => listener.detail?.(`  ${message}`),
      });
      context.target.document.ordered = false;
    };
    if (verb.onEach) {
      // What can't be made for any target is told once.
      cloneOf(context);
      for (const target of targets) onOne(() => applyTo(target), listener);
    } else {
      applyTo(targets[0]!);
    }
    listener.detail?.(`Done executing ${name}`);
  } catch (error) {
    tellFailure(listener, placed(error, attribute));
    listener.detail?.(started ? `Error during ${name}` : `Not executing ${longName}`);
  }
}

/** A failure on one target has no place, and the next target goes on. */
function onOne(work: () => void, listener: Listener): void {
  try {
    work();
  } catch (error) {
    tellFailure(listener, error);
  }
}

/** Whether there is anything to act on; tells where it is missing, at the highest element that finds nothing. */
function targetsFound(context: ElementContext, verb: Verb, warn: Application['warn']): boolean {
  if ((verb.onParents ? targetParentsOf(context) : targetsOf(context)).length > 0) return true;
  let missing = context;
  for (let parent = missing.parent; parent !== undefined; parent = missing.parent) {
    if (verb.onParents && parentPathOf(parent) === '') break;
    if ((verb.onParents ? targetParentsOf(parent) : targetsOf(parent)).length > 0) break;
    missing = parent;
  }
  const path = pathOf(missing);
  const removed = existedBefore(context, path);
  const kind = removed ? 'match-removed' : 'no-match';
  const message = removed
    ? `'${path}' did not find a match, because matching nodes in the source document were modified or removed by a previous transform`
    : `No element in the source document matches '${path}'`;
  if (verb.onParents) throw new TransformFailure(kind, message, missing.element);
  warn(kind, message, missing.element);
  return false;
}

function warningsSuppressed(element: TreeElement): boolean {
  const attribute = transformAttribute(element, 'SupressWarnings');
  if (attribute === undefined) return false;
  const value = attribute.value.trim().toLowerCase();
  if (value === 'true' || value === 'false') return value === 'true';
  throw new TransformFailure('bad-boolean', 'String was not recognized as a valid Boolean.', element);
}

function applyingTo(target: TreeNode): string {
  const place = placeOf(target);
  const where =
    place.line === undefined ? '(no source line info)' : `(source line ${place.line}, ${place.column})`;
  return `Applying to '${target.kind === 'document' ? '#document' : target.name}' element ${where}`;
}

function refusedImport(element: TreeElement): TransformFailure {
  const given = new Set<string>();
  for (const attribute of element.attributes) {
    if (attribute.namespace !== '' || !['assembly', 'namespace', 'path'].includes(attribute.name)) {
      return badImport(`Import tag does not support '${attribute.name}' attribute`, attribute);
    }
    given.add(attribute.name);
  }
  const [assembly, path] = [given.has('assembly'), given.has('path')];
  if (assembly && path) return badImport("Import tag cannot have both a 'path' and an 'assembly'", element);
  if (!assembly && !path) return badImport("Import tag must have a 'path' or an 'assembly'", element);
  if (!given.has('namespace')) return badImport("Import tag must have a 'namespace'", element);
  return new TransformFailure(
    'import-load',
    `'${element.name}' would run code that the package brings; it is never loaded`,
    element,
  );
}

function badImport(message: string, place: TreeElement | TreeAttribute): TransformFailure {
  return new TransformFailure('bad-import', message, place);
}

/** Tells of a failure; what is no failure of the transform is a fault of ours and goes on up. */
export function tellFailure(listener: Listener, error: unknown): void {
  if (!(error instanceof TransformFailure)) throw error;
  tell(listener, 'error', error.kind, error.message, error.place);
}

function tell(
  listener: Listener,
  level: TransformMessage['level'],
  kind: TransformMessage['kind'],
  message: string,
  place: MessagePlace,
): void {
  listener.message({ level, kind, message, ...placeOf(place) });
}

function elementsOf(document: TreeDocument): readonly TreeElement[] {
  const found: TreeElement[] = [];
  for (let at: TreeChild | undefined = following(document, document); at; at = following(at, document)) {
    if (at.kind === 'element') found.push(at);
  }
  return found;
}
