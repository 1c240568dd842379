import {
  createPrompt,
  isBackspaceKey,
  isEnterKey,
  isTabKey,
  useKeypress,
  usePrefix,
  useState,
} from '@inquirer/core';
import { widthOf } from '../../text-width.ts';

type Asked = { readonly message: string; readonly mayBeShown: boolean };

/** Asks for a secret. Stars stand for what is typed; Tab shows it where that is allowed; when it is typed nothing of it stays. */
export const secretPrompt = createPrompt<string, Asked>(({ message, mayBeShown }, done) => {
  const [value, setValue] = useState('');
  const [isShown, setShown] = useState(false);
  const [status, setStatus] = useState<'idle' | 'done'>('idle');
  const prefix = usePrefix({ status });
  useKeypress((key, line) => {
    if (status === 'done') return;
    if (isEnterKey(key)) {
      setStatus('done');
      done(value);
    } else if (isTabKey(key)) {
      // The line must hold what was typed and not the tab.
      line.clearLine(0);
      line.write(value);
      if (mayBeShown) setShown(!isShown);
    } else if (isBackspaceKey(key) && value === '') {
      line.clearLine(0);
    } else setValue(line.line);
  });
  if (status === 'done') return `${prefix} ${message} ${value === '' ? '' : '(typed, not shown)'}`;
  const shown = isShown ? value : '*'.repeat(widthOf(value));
  return [`${prefix} ${message} ${shown}`, mayBeShown ? `Tab ${isShown ? 'hides' : 'shows'} it` : ''];
});
