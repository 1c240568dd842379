export type { Ending, Guide } from './guide.ts';
export type { Action, Block, Check, Field, Page, Progress, ProgressLine, Said } from './page.ts';
export type {
  CarriedFile,
  Decision,
  FileSite,
  InputStanding,
  InstanceSite,
  JudgedSignature,
  Maker,
  OpenRun,
  Release,
  Remark,
  ReleaseSite,
  ResultLine,
  ResultWish,
  RunHooks,
  RunKind,
  RunOutcome,
  ScriptApproval,
  ScriptStanding,
  ScriptsStanding,
  Site,
  SiteFacts,
  Standing,
  UnusedValue,
  Values,
  Wait,
  Work,
  WrittenResult,
} from './site.ts';
export { GuideError, type GuideErrorCode } from './errors.ts';
export type { GuideOptions, Known } from './known.ts';
export { foldersStay } from './run-in-words.ts';
export { startGuide, type Walk } from './start-guide.ts';
export {
  answersTemplate,
  followAnswers,
  interruptedWays,
  noAnswers,
  readAnswers,
  refuseOtherAnswers,
  tellProgress,
  type Answers,
  type Told,
} from './unattended/index.ts';
export { inBrowser } from './in-browser.ts';
export { inTerminal } from './in-terminal.ts';
