import { foreseen } from '../../disk-error.ts';
import type { CrossgapError } from '../../errors.ts';

/**
 * The same object; what its methods refuse says what to do next as `hintOf` has it, for pages that show it. What a disk
 * refuses them is named too.
 */
export function withHints<Of extends object>(object: Of, hintOf: (error: CrossgapError) => string): Of {
  const inWords = (error: unknown): unknown => {
    const known = foreseen(error);
    if (known === undefined) return error;
    return Object.defineProperty(known, 'hint', { value: hintOf(known), enumerable: true });
  };
  return new Proxy(object, {
    get(target, name) {
      const found: unknown = Reflect.get(target, name);
      if (typeof found !== 'function') return found;
      return async (...given: readonly unknown[]): Promise<unknown> => {
        try {
          return (await Reflect.apply(found, target, given)) as unknown;
        } catch (error) {
          throw inWords(error);
        }
      };
    },
  });
}
