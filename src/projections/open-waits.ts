import { commandLine } from '../words.ts';
import type { DeploymentView, WaitView } from './views.ts';

/** What a deployment waits for that nobody has decided yet. */
export function openWaits({ state, waits }: DeploymentView): readonly WaitView[] {
  const isOpen = state === 'waiting' || state === 'running' || state === 'interrupted';
  return isOpen ? waits.filter(({ decision }) => decision === null) : [];
}

/** What to type to decide what a deployment waits for; `--step` where several steps wait. */
export function waysToDecide(view: DeploymentView, { for: kind, offers, stepId }: WaitView): string[] {
  const step = openWaits(view).length > 1 ? ['--step', stepId] : [];
  if (kind === 'confirmation') {
    return [commandLine('approve', view.id, ...step), commandLine('approve', view.id, ...step, '--refuse')];
  }
  const words: Readonly<Record<string, string>> = { retry: 'retry-step', ignore: 'ignore', fail: 'fail' };
  return offers.map((offer) => commandLine('deployment', words[offer] ?? offer, view.id, ...step));
}
