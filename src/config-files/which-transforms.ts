/**
 * Which transform is applied to which file, as Octopus Deploy finds it. A rule is a suffix (`Release`: beside
 * `Web.config` lies `Web.Release.config`) or `TRANSFORM => TARGET`, each side a name, a path relative to the target's
 * folder, or a name that begins with `*.` and stands for every such file. Targets are visited in the order of the given
 * list, for each the rules in theirs; a pair is applied once. Transforms are themselves visited as targets.
 */
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { ConfigFileError } from './errors.ts';

export type TransformRule = {
  /** As it was written, or the name of what it is made from. */
  readonly written: string;
  readonly isAutomatic: boolean;
  /** Without the `*` or `*.` that it begins with where it stands for several files. */
  readonly transform: string;
  readonly isTransformWildcard: boolean;
  /** Undefined for a suffix. */
  readonly target: string | undefined;
  readonly isTargetWildcard: boolean;
};

export type TransformPair = {
  /** Both absolute. */
  readonly transform: string;
  readonly target: string;
  readonly rule: TransformRule;
};

export type TransformPlan = {
  readonly pairs: readonly TransformPair[];
  /** Written rules that no file meets, and those whose every pair was another's before. */
  readonly unused: readonly string[];
  readonly overlapping: readonly string[];
};

/**
 * The rules in their order: those that are written, then, where `automatic` is given, `Release` and the names in it
 * (environment, tenant) that are not blank. `additional` is split at commas and line ends. Throws ConfigFileError
 * `TRANSFORM_RULE_INVALID` for a rule with nothing on one side of its arrow.
 */
export function transformRules(
  additional: string,
  automatic: readonly (string | undefined)[] | undefined,
): TransformRule[] {
  const written = additional
    .split(/[,\r\n]/)
    .map((text) => text.trim())
    .filter((text) => text !== '');
  const names = automatic === undefined ? [] : ['Release', ...automatic];
  return [
    ...written.map((text) => ruleOf(text, false)),
    ...names
      .filter((name): name is string => name !== undefined && name.trim() !== '')
      .map((name) => ruleOf(name, true)),
  ];
}

/**
 * Pairs the files of a folder with the transforms that rules name for them. `files` are absolute, in the order in
 * which they are visited; `filesIn` tells the names of the files in a folder, none for one that is not there.
 */
export function whichTransforms(
  folder: string,
  files: readonly string[],
  rules: readonly TransformRule[],
  filesIn: (folder: string) => readonly string[],
): TransformPlan {
  const pairs: TransformPair[] = [];
  const taken = new Set<string>();
  const used = new Set<TransformRule>();
  const overlapping = new Set<TransformRule>();
  const listed = new Map<string, readonly string[]>();
  const list = (path: string): readonly string[] => {
    const known = listed.get(path) ?? filesIn(path);
    listed.set(path, known);
    return known;
  };
  for (const target of files.filter(isCandidate(rules))) {
    for (const rule of rules) {
      for (const transform of transformsFor(folder, target, rule, list)) {
        const key = `${transform}\0${target}`;
        if (taken.has(key)) {
          overlapping.add(rule);
          continue;
        }
        taken.add(key);
        used.add(rule);
        pairs.push({ transform, target, rule });
      }
    }
  }
  const written = rules.filter((rule) => !rule.isAutomatic);
  const texts = (some: readonly TransformRule[]): string[] => [...new Set(some.map((rule) => rule.written))];
  return {
    pairs,
    unused: texts(written.filter((rule) => !used.has(rule) && !overlapping.has(rule))),
    overlapping: texts(written.filter((rule) => overlapping.has(rule))),
  };
}

function ruleOf(text: string, isAutomatic: boolean): TransformRule {
  const plain = { written: text, isAutomatic, isTransformWildcard: false, isTargetWildcard: false };
  if (!text.includes('=>')) return { ...plain, transform: text, target: undefined };
  const [transform, target] = text.split('=>').map((side) => side.trim());
  if (!transform || !target) {
    throw new ConfigFileError(
      'TRANSFORM_RULE_INVALID',
      `Cannot apply the transform rule ${text}: one side of the arrow is empty`,
      {
        hint: 'Write TRANSFORM => TARGET, for instance Web.Eu.config => Web.config.',
        details: { rule: text },
      },
    );
  }
  const [left, right] = [withoutWildcard(transform), withoutWildcard(target)];
  return {
    ...plain,
    transform: left.pattern,
    isTransformWildcard: left.isWildcard,
    target: right.pattern,
    isTargetWildcard: right.isWildcard,
  };
}

/** `*.bar.config` stands for every file that ends in `bar.config`, `*.config` for every one that ends in `.config`. */
function withoutWildcard(pattern: string): { readonly pattern: string; readonly isWildcard: boolean } {
  if (!basename(pattern).startsWith('*.')) return { pattern, isWildcard: false };
  const at = pattern.indexOf('*');
  const length = pattern.lastIndexOf('.') > at + 2 ? 2 : 1;
  return { pattern: pattern.slice(0, at) + pattern.slice(at + length), isWildcard: true };
}

/** Files with the extension of a rule's target; every file where there are suffixes only and none is automatic. */
function isCandidate(rules: readonly TransformRule[]): (path: string) => boolean {
  const extensions = new Set<string>(rules.some((rule) => rule.isAutomatic) ? ['.config'] : []);
  for (const { target } of rules) if (target !== undefined) extensions.add(extensionOf(target));
  if (extensions.size === 0 || extensions.has('')) return () => true;
  return (path) => [...extensions].some((extension) => comparable(path).endsWith(comparable(extension)));
}

function* transformsFor(
  folder: string,
  target: string,
  rule: TransformRule,
  list: (folder: string) => readonly string[],
): Generator<string> {
  const { target: pattern, isTransformWildcard } = rule;
  if (isTransformWildcard && !endsWithIgnoringCase(target, basename(pattern ?? ''))) return;
  const plain = transformPath(target, rule, rule.transform);
  const withExtension = rule.transform.endsWith('.config') ? rule.transform : `${rule.transform}.config`;
  const beside = dirname(plain);
  const names = [basename(transformPath(target, rule, withExtension)), basename(plain)];
  const found = new Set(names.flatMap((name) => list(beside).filter(nameMatcher(name))));
  for (const name of found) {
    const transform = join(beside, name);
    if (transform.toLowerCase() === target.toLowerCase()) continue;
    if (pattern !== undefined && !meetsTarget(folder, target, transform, { ...rule, target: pattern }))
      continue;
    yield transform;
  }
}

/** Where the transform of one target is looked for; its name may hold wildcards. */
function transformPath(target: string, rule: TransformRule, transform: string): string {
  const pattern = rule.target;
  if (pattern === undefined) return withExtension(target, transform);
  const from = transformFolder(target, pattern);
  if (!rule.isTransformWildcard) return resolve(from, transform);
  const below = resolve(from, dirname(transform));
  if (!rule.isTargetWildcard) return join(below, `*.${basename(transform).replace(/^\.+/, '')}`);
  const ending = pattern.startsWith('.') ? pattern.slice(1) : basename(pattern);
  return withExtension(join(below, basename(target).replaceAll(ending, '')), basename(transform));
}

/** The target's folder; without the folders that the rule names on its right side where the target lies in those. */
function transformFolder(target: string, pattern: string): string {
  const folder = dirname(target);
  const named = pattern.includes(sep) ? pattern.slice(0, pattern.lastIndexOf(sep)) : '';
  return named !== '' && endsWithIgnoringCase(folder, named) ? folder.slice(0, -named.length) : folder;
}

function meetsTarget(
  folder: string,
  target: string,
  transform: string,
  { target: pattern, isTargetWildcard }: TransformRule & { readonly target: string },
): boolean {
  const name = pattern.startsWith(`.${sep}`)
    ? `.${sep}${relative(folder, target)}`
    : pattern.includes(sep)
      ? relative(dirname(transform), target).replace(/^[./\\]+/, '')
      : basename(target);
  if (!isTargetWildcard) return pattern.toLowerCase() === name.toLowerCase();
  const inFolder = pattern.includes(sep) ? `${dirname(pattern)}${sep}` : '';
  const ending = `.${basename(pattern).replace(/^\.+/, '')}`;
  const at = name.toLowerCase().indexOf(inFolder.toLowerCase());
  return at >= 0 && name.toLowerCase().includes(ending.toLowerCase(), at + inFolder.length);
}

/** `path` with another last extension; a path without one gets it. */
function withExtension(path: string, extension: string): string {
  const old = extensionOf(path);
  return `${path.slice(0, path.length - old.length)}${extension.startsWith('.') ? '' : '.'}${extension}`;
}

/** From the last dot of the name on, the dot alone included; unlike Node's, a name may be nothing but an extension. */
function extensionOf(path: string): string {
  const name = basename(path);
  const at = name.lastIndexOf('.');
  return at < 0 ? '' : name.slice(at);
}

function endsWithIgnoringCase(text: string, ending: string): boolean {
  return text.toLowerCase().endsWith(ending.toLowerCase());
}

/** Whether a name is meant by one that may hold `*` and `?`; no pattern takes longer than its length times that of the name. */
function nameMatcher(pattern: string): (name: string) => boolean {
  const wanted = comparable(pattern);
  return (name) => isMeant(comparable(name), wanted);
}

function isMeant(name: string, pattern: string): boolean {
  let [at, within, star, taken] = [0, 0, -1, 0];
  while (at < name.length) {
    if (pattern[within] === '*') [star, taken, within] = [within, at, within + 1];
    else if (pattern[within] === '?' || pattern[within] === name[at]) [at, within] = [at + 1, within + 1];
    // The last star takes one more; what it took before need not be tried again.
    else if (star >= 0) [taken, at, within] = [taken + 1, taken + 1, star + 1];
    else return false;
  }
  return /^\**$/.test(pattern.slice(within));
}

/** Names differ by case where the file system of the platform makes a difference. */
function comparable(name: string): string {
  return process.platform === 'win32' ? name.toLowerCase() : name;
}
