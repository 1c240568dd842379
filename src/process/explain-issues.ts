import { z } from 'zod';
import type { Findings } from './findings.ts';
import { nearest } from './nearest.ts';
import { ProcessEntry, reservedKeys } from './schema.ts';
import type { YamlPath } from './yaml-source.ts';

type Issue = z.core.$ZodIssue;

/**
 * Adds what the schema has against the file, each at its place, with the nearest known key for an unknown one. Gives
 * the file without its unknown keys where that is good, undefined where it isn't.
 */
export function explainIssues(issues: readonly Issue[], findings: Findings): ProcessEntry | undefined {
  const value = structuredClone(findings.source.value);
  for (const { issue, path } of issues.flatMap((one) => leaves(one, []))) {
    if (findings.source.isAlias(path)) continue;
    if (issue.code === 'unrecognized_keys') {
      for (const key of issue.keys) {
        explainKey([...path, key], key, findings);
        delete (valueAt(value, path) as Record<string, unknown>)[key];
      }
      continue;
    }
    if (valueAt(findings.source.value, path) === undefined) {
      const key = String(path.at(-1));
      // What follows from a misspelt key is not said beside it: it is gone when the key is mended.
      if (isMisspelt(key, path.slice(0, -1), findings)) continue;
      findings.add(path.slice(0, -1), `${key} is missing`, `Add \`${key}:\` here.`);
    } else {
      findings.add(
        path,
        issue.message,
        'Correct the value; `crossgap process schema` tells what may stand here.',
      );
    }
  }
  return ProcessEntry.safeParse(value).data;
}

function explainKey(path: YamlPath, key: string, findings: Findings): void {
  const reserved = reservedKeys[key];
  if (Object.hasOwn(reservedKeys, key) && reserved !== undefined) {
    findings.add(
      path,
      `${key}: is reserved for ${reserved}; this version can't do that yet`,
      'Leave it out.',
      'key',
    );
    return;
  }
  const known = knownKeys(path.slice(0, -1));
  const meant = meantBy(key, known);
  const hint = meant === undefined ? `Known here: ${known.join(', ')}.` : `Did you mean ${meant}?`;
  findings.add(path, `unknown key ${key}`, hint, 'key');
}

/** What other tools call a key of ours. */
const alsoCalled: Readonly<Record<string, string>> = {
  timeout: 'time-limit',
  condition: 'when',
  script: 'run',
  retry: 'retries',
  env: 'environments',
  substitute: 'substitute-in-files',
};

function meantBy(key: string, known: readonly string[]): string | undefined {
  const other = Object.hasOwn(alsoCalled, key.toLowerCase()) ? alsoCalled[key.toLowerCase()] : undefined;
  return other !== undefined && known.includes(other) ? other : nearest(key, known);
}

/** Whether one of the unknown keys beside a missing one was most likely meant to be it. */
function isMisspelt(missing: string, path: YamlPath, findings: Findings): boolean {
  const known = knownKeys(path);
  return findings.source.keysAt(path).some((key) => !known.includes(key) && meantBy(key, known) === missing);
}

/** The issues of a union are those of the branch that the value's own kind chose. */
function leaves(issue: Issue, above: YamlPath): { issue: Issue; path: YamlPath }[] {
  const path = [...above, ...issue.path.map((part) => (typeof part === 'symbol' ? part.toString() : part))];
  if (issue.code !== 'invalid_union') return [{ issue, path }];
  const branch = issue.errors.find((one) => one.every((inner) => inner.path.length > 0 || !isOfKind(inner)));
  return branch === undefined ? [{ issue, path }] : branch.flatMap((inner) => leaves(inner, path));
}

function isOfKind(issue: Issue): boolean {
  return issue.code === 'invalid_type' || issue.code === 'invalid_value';
}

function valueAt(value: unknown, path: YamlPath): unknown {
  return path.reduce<unknown>(
    (at, key) => (typeof at === 'object' && at !== null ? (at as Record<string, unknown>)[key] : undefined),
    value,
  );
}

function knownKeys(path: YamlPath): string[] {
  let schemas: z.core.$ZodType[] = [ProcessEntry];
  for (const key of path) schemas = schemas.flatMap((schema) => below(schema, String(key)));
  return schemas.flatMap((schema) =>
    plain(schema).flatMap((one) => (one instanceof z.ZodObject ? Object.keys(one.shape) : [])),
  );
}

function plain(schema: z.core.$ZodType): z.core.$ZodType[] {
  if (schema instanceof z.ZodOptional) return plain(schema.unwrap());
  return schema instanceof z.ZodUnion ? schema.options.flatMap(plain) : [schema];
}

function below(schema: z.core.$ZodType, key: string): z.core.$ZodType[] {
  return plain(schema).flatMap((one) => {
    if (one instanceof z.ZodArray) return [one.element];
    if (one instanceof z.ZodRecord) return [one.valueType];
    const shape: Readonly<Record<string, z.core.$ZodType>> = one instanceof z.ZodObject ? one.shape : {};
    return Object.hasOwn(shape, key) ? [shape[key]!] : [];
  });
}
