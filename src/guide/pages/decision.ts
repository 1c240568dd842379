import { openWait, standingOf } from '../known.ts';
import { never, once, type Leaf } from '../leaf.ts';
import type { Action } from '../page.ts';
import { signedIn, signingFields } from '../signing.ts';
import type { Decision } from '../site.ts';

/** A step that a person does or confirms, or one that failed and asks what becomes of it. */
export const decision: Leaf = {
  id: 'decision',
  keys: (known) => (openWait(known) === undefined ? never : once),
  show: (known, _key, { problems }) => {
    const { wait } = openWait(known)!;
    const isFailure = wait.for === 'failure';
    return {
      title: isFailure ? `Step ${wait.step} failed` : wait.step,
      blocks: isFailure
        ? [
            { kind: 'notice', tone: 'problem', text: wait.text },
            { kind: 'text', text: 'The steps after it wait for what you decide.' },
          ]
        : [
            { kind: 'text', text: 'This step is done by a person. The steps after it wait for your answer.' },
            { kind: 'verbatim', title: 'Instructions', text: wait.text },
          ],
      fields: signingFields('answer', { by: null, problems }),
      actions: wait.offers.map((answer) => ({ ...answers[answer], isSigned: true })),
      mustChoose: true,
      noWayBack: true,
    };
  },
  async take({ site, known, learn }, _key, said) {
    const { deployment, wait } = openWait(known)!;
    const signed = signedIn(said, null);
    if ('problems' in signed) return { go: 'stay', problems: signed.problems };
    await site.decide(deployment, wait.wait, { answer: said.action as Decision['answer'], ...signed });
    const { environment } = standingOf(known)!;
    learn({ deployment, outcome: null, work: { kind: 'resume', deployment, environment } });
    return { go: 'to', page: 'running' };
  },
};

const answers: Readonly<Record<Decision['answer'], Action>> = {
  approve: { id: 'approve', label: 'It is done', about: 'The steps after it go on.' },
  refuse: {
    id: 'refuse',
    label: 'Refuse',
    about: 'The run fails here, and the steps after it are not done.',
  },
  retry: { id: 'retry', label: 'Try this step again', about: null },
  ignore: {
    id: 'ignore',
    label: 'Go on without it',
    about: 'The steps after it go on as if it had succeeded.',
  },
  fail: { id: 'fail', label: 'Let the run fail', about: 'The steps after it are not done.' },
};
