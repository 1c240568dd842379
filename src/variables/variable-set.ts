import { folded } from './characters.ts';
import { bindVariables, type BoundNode, type Variable } from './bind.ts';
import { VariableError } from './errors.ts';
import { evaluateValue, type Expansion } from './expand.ts';
import { parseName } from './parse.ts';

/**
 * Names to values, looked up as Octopus does: ignoring case, keeping the first spelling and the first position of a
 * name, replacing its value when it is set again.
 */
export class VariableSet {
  readonly #variables = new Map<string, Variable>();
  #root: BoundNode | undefined;

  constructor(values: Iterable<readonly [name: string, value: string | null]> = []) {
    for (const [name, value] of values) this.set(name, value);
  }

  /**
   * Stores a value in which `#{...}` is evaluated when it is used; null is a variable without a value.
   * Throws VariableError `VARIABLE_NAME_NOT_SUPPORTED` for a name such as `A[#{B}]`, which can't be placed.
   */
  set(name: string, value: string | null): void {
    this.#store({ name, value, literal: false });
  }

  /** Stores a value that is never evaluated: what a person typed as an input. Throws as `set` does. */
  setLiteral(name: string, value: string): void {
    this.#store({ name, value, literal: true });
  }

  /**
   * The evaluated value of the variable of exactly this name (no path is walked), undefined where there is none or
   * it has no value. Tokens that can't be resolved stay in it as written. Throws VariableError.
   */
  get(name: string): string | undefined {
    const found = this.evaluate(name);
    return found?.isNull ? undefined : found?.text;
  }

  /** As `get`, with the tokens that could not be resolved. */
  evaluate(name: string): Expansion | undefined {
    const variable = this.#variables.get(folded(name));
    if (variable === undefined || variable.value === null) return undefined;
    return evaluateValue(variable, this);
  }

  has(name: string): boolean {
    return this.#variables.has(folded(name));
  }

  /** The names in the order in which they were first set, spelled as they were first. */
  names(): string[] {
    return [...this.#variables.values()].map((variable) => variable.name);
  }

  /** The stored text, not evaluated; null for a variable without a value, undefined where there is none. */
  raw(name: string): string | null | undefined {
    return this.#variables.get(folded(name))?.value;
  }

  /** Whether the value was typed by a person and is never evaluated. */
  isLiteral(name: string): boolean {
    return this.#variables.get(folded(name))?.literal ?? false;
  }

  /** A set with the same content that can be changed by itself. */
  copy(): VariableSet {
    const other = new VariableSet();
    for (const variable of this.#variables.values()) other.#store(variable);
    return other;
  }

  /** The names as a tree of paths, made when it is first needed after a change. */
  get root(): BoundNode {
    this.#root ??= bindVariables(this.#variables.values());
    return this.#root;
  }

  #store(variable: Variable): void {
    const key = folded(variable.name);
    const known = this.#variables.get(key);
    if (known === undefined && variable.name.includes('#{')) {
      const path = parseName(variable.name);
      if (path?.some((step) => step.kind === 'symbol-index')) {
        throw new VariableError(
          'VARIABLE_NAME_NOT_SUPPORTED',
          `Cannot set the variable ${variable.name}: its name holds a token as an index`,
          { hint: 'Write the index into the name as text.', details: { name: variable.name } },
        );
      }
    }
    this.#variables.set(key, { ...variable, name: known?.name ?? variable.name });
    this.#root = undefined;
  }
}
