import { startGuide, type GuideOptions, type Page, type Site, type Walk } from '../../../src/guide/index.ts';
import { fakeSite, theSecret, theWords, type FakeFacts, type FakeSite } from './fake-site.ts';

export const asked: GuideOptions = {
  environment: null,
  words: null,
  wanted: 'install',
  until: 'end',
  resultFile: null,
};

/** A person who walks through the guide, page by page. */
export type Walker<Made = FakeSite> = {
  readonly site: Made;
  readonly guide: Walk;
  /** The page that stands once nothing is under way any more. */
  readonly stands: () => Promise<Page>;
  /** Says something on the page that stands, and waits for the next. */
  readonly says: (action: string, values?: Readonly<Record<string, string>>) => Promise<Page>;
  /** Goes on as somebody for whom all is well, until the page of that name stands. */
  readonly goesTo: (page: string) => Promise<Page>;
};

/** Where a file was carried to, unless `made` makes another site. */
export function walker(facts?: FakeFacts, options?: Partial<GuideOptions>): Walker;
export function walker<Made extends Site>(
  facts: FakeFacts,
  options: Partial<GuideOptions>,
  made: (facts: FakeFacts) => Made,
): Walker<Made>;
export function walker(
  facts: FakeFacts = {},
  options: Partial<GuideOptions> = {},
  made: (facts: FakeFacts) => Site = fakeSite,
): Walker<Site> {
  const site = made(facts);
  const guide = startGuide(site, { ...asked, ...options });
  const stands = (): Promise<Page> => settled(guide);
  const says: Walker['says'] = async (action, values = {}) => {
    await stands();
    await guide.submit({ action, values });
    return stands();
  };
  return {
    site,
    guide,
    stands,
    says,
    async goesTo(page) {
      for (let at = await stands(); at.id !== page; at = await stands()) {
        const before = `${at.id} ${at.title}`;
        const usual = easily[at.id] ?? { action: 'next' };
        const now = await says(usual.action, usual.values ?? {});
        if (`${now.id} ${now.title}` === before) throw new Error(`stuck at ${JSON.stringify(now)}`);
        if (now.id === 'over' && page !== 'over') throw new Error(`over at ${JSON.stringify(now)}`);
      }
      return stands();
    },
  };
}

/** Resolves with the page once it is not busy. */
export function settled(guide: Walk): Promise<Page> {
  return until(guide, ({ isBusy }) => !isBusy);
}

/** Resolves when the run is under way. */
export function runs(guide: Walk): Promise<Page> {
  return until(guide, ({ id, isBusy }) => id === 'running' && isBusy);
}

async function until(guide: Walk, isThere: (page: Page) => boolean): Promise<Page> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const look = (): void => {
    if (isThere(guide.page)) resolve();
  };
  const stop = guide.onChange(look);
  look();
  await promise;
  stop();
  return guide.page;
}

const easily: Readonly<
  Record<string, { readonly action: string; readonly values?: Readonly<Record<string, string>> }>
> = {
  maker: { action: 'next', values: { words: theWords } },
  inputs: { action: 'next', values: { 'ConnectionStrings.Main': theSecret } },
  summary: { action: 'go' },
};
