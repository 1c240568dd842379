import { CommandError, setInput, type Decision } from '../../commands/index.ts';
import type { Database } from '../../db/index.ts';
import { releaseOf, type Instance } from '../../instance/index.ts';
import { checkInput, type InputDefinition } from '../../process/index.ts';
import { inputVersion, nameKey, readInputs, readLinks, readReleases } from '../../projections/index.ts';
import type { Definition } from '../told/input-definitions.ts';

/** A value for this side, in one environment or in all of them (null). */
export type KeptInput = {
  readonly name: string;
  readonly environment: string | null;
  readonly secret: boolean;
  readonly value: string;
};

/** Keeps a value: readable in the log, or encrypted in the vault. The same value again changes nothing. */
export function keepInput(
  instance: Instance,
  { name, environment, secret, value }: KeptInput,
): { readonly version: number; readonly changed: boolean } {
  let version = 0;
  const entries = instance.record((db): Decision => {
    const known = readInputs(db).find(
      (row) => nameKey(row.name) === nameKey(name) && row.environment === environment,
    );
    if (known !== undefined && secret && known.secret && instance.vault.open(known) === value) {
      version = known.version;
      return [];
    }
    const removed = inputVersion(db, name, environment);
    const decided = setInput(
      known ?? (removed === 0 ? undefined : { version: removed, secret: false, value: null }),
      { name, environment, secret, value: secret ? null : value },
      askingLinks(db, name),
    );
    version = decided.version;
    if (secret && decided.decision.length > 0) instance.vault.keep({ name, environment, version }, value);
    return decided.decision;
  });
  return { version, changed: entries.length > 0 };
}

/** The authors of releases that ask for it are told that it is set, never what it is. */
function askingLinks(db: Database, name: string): string[] {
  const confirmed = readLinks(db).filter(({ state }) => state === 'confirmed');
  const links = new Set(confirmed.map(({ link }) => link));
  const asking = readReleases(db).filter(
    ({ link, document }) =>
      links.has(link) && document.inputs.some((one) => nameKey(one.name) === nameKey(name)),
  );
  return [...new Set(asking.map(({ link }) => link))];
}

/** Throws where a value can't be that of an input, as one of its definitions says. @throws CommandError INPUT_INVALID */
export function refuseUnfitValue(
  db: Database,
  name: string,
  value: string,
  definitions: readonly Definition[],
): void {
  for (const { input, release } of definitions) {
    const why = checkInput({ ...input, type: input.type as InputDefinition['type'] }, value);
    if (why === undefined) continue;
    throw new CommandError('INPUT_INVALID', `Cannot set input ${name}: ${why}`, {
      hint: `Release ${releaseOf(db, release)} asks for type ${input.type}; give such a value.`,
      details: { name, type: input.type, choices: input.choices },
    });
  }
  if (!value.includes('\0')) return;
  throw new CommandError('INPUT_INVALID', `Cannot set input ${name}: it must not hold a NUL character`, {
    hint: 'Give text.',
    details: { name },
  });
}
