import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { z } from 'zod';
import type { FeatureWork } from './feature.ts';

/**
 * Writes down what was true before a feature changed it, once: a step that goes on after an interruption keeps what its
 * first try saw.
 */
export function keepFacts(work: FeatureWork, name: string, facts: object): void {
  const file = fileOf(work, name);
  if (existsSync(file)) return;
  mkdirSync(work.kept, { recursive: true, mode: 0o700 });
  writeFileSync(`${file}.half`, JSON.stringify(facts), { mode: 0o600, flush: true });
  renameSync(`${file}.half`, file);
}

/** What was written down, undefined where nothing was. */
export function keptFacts<Schema extends z.ZodType>(
  work: FeatureWork,
  name: string,
  schema: Schema,
): z.infer<Schema> | undefined {
  const file = fileOf(work, name);
  return existsSync(file) ? schema.parse(JSON.parse(readFileSync(file, 'utf8'))) : undefined;
}

const fileOf = (work: FeatureWork, name: string): string => join(work.kept, `${name}.json`);
