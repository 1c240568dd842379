import type { ConventionEnd, Fact, FactError } from '../journal.ts';
import { isIgnored, recordOf } from '../record.ts';

/** A script of a run that was recorded failed, and fails again when the record is repeated. */
export class RepeatedFailure extends Error {
  readonly recorded: FactError;

  constructor(recorded: FactError) {
    super(recorded.message);
    this.recorded = recorded;
  }
}

/** What the last attempt of a step came to, as far as scripts decide it. */
export type RecordedScripts = {
  /** Where the package was extracted to. */
  readonly folder: string | undefined;
  /** Output variables by the convention that set them, without the value where that is a secret. */
  outputsOf(key: string): readonly { readonly name: string; readonly value: string | undefined }[];
  failureOf(key: string): FactError | undefined;
  /** How a convention ended, undefined where it did not. */
  endOf(key: string): ConventionEnd | undefined;
  /** Whether the run went on after this step had failed as if it had not. */
  readonly isIgnored: boolean;
};

export function recordedScripts(facts: readonly Fact[], position: number): RecordedScripts {
  const own = facts.filter((fact) => 'step' in fact && fact.step === position);
  const last = own.findLastIndex((fact) => fact.kind === 'step-started');
  const outputs = new Map<string, { name: string; value: string | undefined }[]>();
  const failures = new Map<string, FactError>();
  let folder: string | undefined;
  let key = '';
  for (const fact of own.slice(Math.max(0, last))) {
    if (fact.kind === 'convention-started') key = fact.key;
    if (fact.kind === 'folder' && fact.use === 'extracted') folder = fact.path;
    if (fact.kind === 'output') {
      outputs.set(key, [...(outputs.get(key) ?? []), { name: fact.name, value: fact.value }]);
    }
    if (fact.kind === 'convention-ended' && fact.error !== undefined) failures.set(fact.key, fact.error);
  }
  const record = recordOf(facts)?.steps.get(position);
  return {
    folder,
    outputsOf: (of) => outputs.get(of) ?? [],
    failureOf: (of) => failures.get(of),
    endOf: (of) => record?.ended.get(of),
    isIgnored: isIgnored(record),
  };
}
