import { CrossgapError } from '../../errors.ts';
import { html } from '../../web/index.ts';
import { drawRefusal } from './draw-page.ts';

// Pages for who asks for something else than the page of the guide that stands.

export const noSuchPage = (): string =>
  drawRefusal('There is no such page', 'The terminal in which the guide was started shows its address.');

export const usedByOther = (): string =>
  drawRefusal(
    'This address was used already',
    'It works once, and for one browser. If that was you, go on in that browser.',
    'If it was not you, somebody else on this machine has opened the guide: end it in its terminal with Ctrl-C, and start it again.',
  );

export const usedByYou = (place: string): string =>
  drawRefusal(
    'This address was used already',
    html`It was this browser that used it, so you are in: <a href="${place}">go on to the guide</a>.`,
  );

export const notLetIn = (): string =>
  drawRefusal(
    'This browser was not let in',
    'The guide is shown to the one browser that opened its address.',
    'If that browser is gone, end the guide in its terminal with Ctrl-C and start it again: it goes on where it was.',
  );

export const notOurForm = (place: string): string =>
  drawRefusal(
    'This answer was not taken',
    'It did not come from a page that this guide has sent. Nothing was done with it.',
    html`<a href="${place}">See the page that stands</a>`,
  );

export const tooLarge = (place: string): string =>
  drawRefusal(
    'This answer was not taken',
    'It is larger than any answer to this page may be. Nothing was done with it.',
    html`<a href="${place}">See the page that stands</a>`,
  );

export const tooManyWindows = (): string =>
  drawRefusal('Too many windows', 'More windows than this are not kept up to date. Close some of them.');

export const failed = (error: Error): string =>
  error instanceof CrossgapError
    ? drawRefusal('The guide could not go on', error.message, error.hint)
    : drawRefusal(
        'The guide could not go on',
        'Something happened that it did not expect. The terminal in which it was started says what.',
      );
