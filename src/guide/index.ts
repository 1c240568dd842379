export type { Ending, Guide } from './guide.ts';
export type { Action, Block, Check, Field, Page, Progress, ProgressLine, Said } from './page.ts';
export type {
  Decision,
  InputStanding,
  Maker,
  OpenRun,
  Release,
  ResultLine,
  ResultWish,
  RunHooks,
  RunOutcome,
  Site,
  SiteFacts,
  Standing,
  Values,
  Wait,
  Work,
  WrittenResult,
} from './site.ts';
