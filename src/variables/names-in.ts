import { echoPath } from './echo.ts';
import { parseTemplate, type SymbolPath, type Token } from './parse.ts';

/**
 * The names that `text` uses as `#{Name}`, as written, each once and in order; an index that is itself a token is
 * listed by itself and the path around it left out, since only a value can complete it.
 */
export function namesIn(text: string): string[] {
  const names = new Set<string>();
  const addPath = (path: SymbolPath): void => {
    const inner = path.filter((step) => step.kind === 'symbol-index');
    if (inner.length === 0) names.add(echoPath(path));
    for (const step of inner) addPath(step.path);
  };
  const addToken = (token: Token): void => {
    if (token.kind !== 'substitution') return;
    const { expression } = token;
    if (expression.kind === 'symbol') return addPath(expression.path);
    if (expression.input !== undefined) addPath(expression.input);
    for (const option of expression.calls.flatMap((call) => call.options)) {
      if (option.kind === 'token') addToken(option.token);
    }
  };
  for (const token of parseTemplate(text, 'continue').tokens) addToken(token);
  return [...names];
}
