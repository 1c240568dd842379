/** Locators: each makes, as text, the XPath of the elements that a transform is about, and of their parents. */
import { splitArguments } from './attribute-text.ts';
import { TransformFailure } from './messages.ts';
import type { TreeElement } from './tree-node.ts';

/** What a locator goes by. */
export type LocatorRequest = {
  /** The path of the transform element's parent, empty for the root. */
  readonly base: string;
  readonly element: TreeElement;
  readonly argumentText: string | undefined;
};

export type Locator = {
  path(request: LocatorRequest): string;
  parentPath(request: LocatorRequest): string;
};

/** The prefix under which the default namespace of a transform element can be named in an XPath. */
export const defaultNamespacePrefix = '_defaultNamespace';

const byPredicate = (predicate: (request: LocatorRequest) => string): Locator => ({
  path: (request) => joined(request.base, stepOf(request.element)) + bracketed(predicate(request)),
  parentPath: ({ base }) => base,
});

export const defaultLocator: Locator = byPredicate(() => '');

const byXPath = (request: LocatorRequest): string => {
  const given = onlyArgument('XPath', request);
  if (given.startsWith('/')) return given;
  return joined(joined(request.base, stepOf(request.element)), given).replaceAll('/./', '/');
};

/** Locators by name; names are case-sensitive. */
export const locators: ReadonlyMap<string, Locator> = new Map<string, Locator>([
  ['DefaultLocator', defaultLocator],
  [
    'Match',
    byPredicate(({ element, argumentText }) => {
      if (argumentText === undefined) {
        throw new TransformFailure('too-few-arguments', 'Match requires at least 1 arguments');
      }
      return splitArguments(argumentText)
        .map((key) => {
          const attribute = element.attributes.find((one) => one.name === key);
          if (attribute !== undefined) return `@${key}='${attribute.value}'`;
          throw new TransformFailure(
            'match-attribute-missing',
            `No attribute '${key}' exists for the Match Locator`,
          );
        })
        .join(' and ');
    }),
  ],
  ['Condition', byPredicate((request) => onlyArgument('Condition', request))],
  ['XPath', { path: byXPath, parentPath: byXPath }],
]);

function onlyArgument(locator: string, { argumentText }: LocatorRequest): string {
  const given = argumentText === undefined ? [] : splitArguments(argumentText);
  if (given.length === 1) return given[0]!;
  throw new TransformFailure('wrong-argument-count', `${locator} requires exactly 1 arguments`);
}

function stepOf({ name, prefix, localName, namespace }: TreeElement): string {
  return namespace !== '' && prefix === '' ? `${defaultNamespacePrefix}:${localName}` : name;
}

function joined(base: string, step: string): string {
  return base.endsWith('/') ? base + step : `${base}/${step}`;
}

/** A bracket is added on either side where there is none, whatever else the text holds. */
function bracketed(predicate: string): string {
  if (predicate === '') return '';
  const opened = predicate.startsWith('[') ? predicate : `[${predicate}`;
  return opened.endsWith(']') ? opened : `${opened}]`;
}
