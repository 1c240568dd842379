import { standInFor } from '../executor/index.ts';

/** What stands for an input that has no value yet: something of its type, so that it fits where it is put. */
export function standInOf({ name, type, secret, choices }: StandInFor): string {
  if (secret) return standInFor(name);
  switch (type) {
    case 'integer':
      return '0';
    case 'port':
      return '1';
    case 'boolean':
      return 'True';
    case 'choice':
      return choices[0] ?? standInFor(name);
    default:
      return standInFor(name);
  }
}

/** An input of a revision or a release; a type of a later version stands for itself. */
type StandInFor = {
  readonly name: string;
  readonly type: string;
  readonly secret: boolean;
  readonly choices: readonly string[];
};
