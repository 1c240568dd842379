import { VariableError } from './errors.ts';
import { readJson, type JsonValue } from './json-value.ts';

/** Deeper, values and blocks are not evaluated inside one another: the stack surely holds as much. */
const depthMax = 200;
const outputLengthMax = 128 * 1024 * 1024;
/**
 * Work is counted in characters that are read, written or compared, some hundred million a second; what takes as long
 * as many of them counts as many. So the bound is the same on each machine, and a matter of seconds on all.
 */
const workMax = 150_000_000;
const workPerCharacter = 50;
export const workOf = {
  token: 20,
  path: 60,
  step: 30,
  turn: 300,
  filter: 100,
  template: 100,
  patternStep: 3,
  match: 50,
};

/** One evaluation from the outside: what it may cost, and what it has found out on its way. */
export type Run = {
  /** Whose text it is, for messages. */
  readonly owner: string;
  /** Does some work. Throws VariableError `TEMPLATE_TOO_COSTLY`. */
  readonly work: (units: number) => void;
  /** Refuses a result of this length. Throws VariableError `TEMPLATE_TOO_LARGE`. */
  readonly admit: (length: number) => void;
  /** Evaluates something that stands in something else. Throws VariableError `TEMPLATE_TOO_DEEP`. */
  readonly deeper: <Value>(what: string, evaluate: () => Value) => Value;
  readonly json: (text: string) => JsonValue | undefined;
  /** Units of work still free. */
  readonly left: () => number;
  /**
   * Counts what makes a result depend on more than the variables: a loop that was met inside JSON and passed over, or
   * the clock. A result is kept only where this stood still.
   */
  unsteady: number;
};

export function beginRun(owner: string, textLength: number): Run {
  let depth = 0;
  let left = workMax + workPerCharacter * textLength;
  const documents = new Map<string, JsonValue | undefined>();
  const work = (units: number): void => {
    left -= units;
    if (left < 0) throw tooCostly(owner);
  };
  return {
    owner,
    work,
    admit: (length) => {
      if (length > outputLengthMax) throw tooLarge(owner);
    },
    deeper: (what, evaluate) => {
      if (depth >= depthMax) throw tooDeep(what);
      depth += 1;
      try {
        return evaluate();
      } finally {
        depth -= 1;
      }
    },
    json: (text) => {
      const known = documents.get(text);
      if (known !== undefined || documents.has(text)) return known;
      work(text.length * 10);
      const document = readJson(text);
      documents.set(text, document);
      return document;
    },
    left: () => left,
    unsteady: 0,
  };
}

function tooCostly(owner: string): VariableError {
  return new VariableError('TEMPLATE_TOO_COSTLY', `Cannot evaluate ${owner}: it would take too long`, {
    hint: 'Look for loops in loops, patterns that try again and again, or filters that go over long values many times.',
    details: { variable: owner },
  });
}

function tooLarge(owner: string): VariableError {
  return new VariableError(
    'TEMPLATE_TOO_LARGE',
    `Cannot evaluate ${owner}: the result is longer than ${outputLengthMax} characters`,
    {
      hint: 'Look for variables that repeat one another many times.',
      details: { variable: owner, limit: outputLengthMax },
    },
  );
}

function tooDeep(what: string): VariableError {
  return new VariableError(
    'TEMPLATE_TOO_DEEP',
    `Cannot evaluate ${what}: values and blocks stand inside one another more than ${depthMax} deep`,
    { hint: 'Shorten the chain of variables.', details: { variable: what, limit: depthMax } },
  );
}
