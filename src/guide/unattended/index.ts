export { interruptedWays, noAnswers, readAnswers, refuseOtherAnswers, type Answers } from './answers.ts';
export { followAnswers } from './follow-answers.ts';
export { tellProgress, type Told } from './tell-progress.ts';
export { answersTemplate } from './write-template.ts';
