import { nextEnvironment, type OfferView, type PageView } from '../../projections/index.ts';
import { empty, folded, nothing, section, table, typed } from '../blocks.ts';
import { chip } from '../chip.ts';
import { html, joined, type Content, type Html } from '../../web/index.ts';
import { linkName, linkTo, releaseName } from '../links.ts';
import { since } from '../since.ts';
import { commandLine, count, size, took } from '../../words.ts';

/** Notes longer than this are shown with their end left off; the release itself has them whole. */
const notesShownMax = 4000;

/** What vendors offer: the newest of each process with what it needs, earlier ones as a list. */
export function offersSection(view: PageView): Html {
  if (view.offers.length === 0)
    return section(
      'offers',
      'Offers',
      null,
      empty(
        'No vendor has offered a release yet. Once the link is confirmed, offers come by themselves.',
        commandLine('link', 'list'),
      ),
    );
  const sorted = view.offers.toSorted((a, b) => (a.offeredAt < b.offeredAt ? 1 : -1));
  const seen = new Set<string>();
  const isNewest = (offer: OfferView): boolean => {
    const key = JSON.stringify([offer.link, offer.process]);
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  };
  const byAge = Object.groupBy(sorted, (offer) => (isNewest(offer) ? 'newest' : 'earlier'));
  const earlier = byAge.earlier ?? [];
  return section(
    'offers',
    'Offers',
    'releases that vendors offer to this company',
    html`<ul class="stack" role="list">
        ${(byAge.newest ?? []).map((offer) => offerCard(view, offer))}
      </ul>
      ${
        earlier.length > 0 &&
        folded('earlier-offers', count(earlier.length, 'earlier offer'), earlierTable(view, earlier), {
          open: false,
        })
      }`,
  );
}

function offerCard(view: PageView, offer: OfferView): Html {
  return html`<li class="card offer">
    <div class="title">
      <h3><bdi>${offer.process}</bdi> <span class="exactly">${offer.release}</span></h3>
      ${chip(offer.state)}
      <p class="aside">from ${linkTo(view, offer.link)}, ${since(offer.offeredAt, view.now)}</p>
    </div>
    ${standing(view, offer)}
    <dl class="facts">
      <div>
        <dt>Brings</dt>
        <dd>${packages(offer)}</dd>
      </div>
      <div>
        <dt>Asks for</dt>
        <dd>${inputs(view, offer)}</dd>
      </div>
      ${
        offer.expectedMs !== null &&
        html`<div>
          <dt>Takes</dt>
          <dd>
            about ${took(offer.expectedMs)}<span class="quiet">, as at ${linkTo(view, offer.link)}</span>
          </dd>
        </div>`
      }
      ${
        offer.notes !== null &&
        html`<div>
          <dt>Notes</dt>
          <dd class="notes">${notes(offer.notes)}</dd>
        </div>`
      }
    </dl>
    ${next(view, offer)}
  </li> `;
}

function standing(view: PageView, offer: OfferView): Content {
  if (offer.reason === null && offer.until === null) return null;
  return html`<p class="standing">
    ${joined(
      [
        offer.reason !== null && html`<bdi>${offer.reason}</bdi>`,
        offer.until !== null && html`until ${since(offer.until, view.now)}`,
      ],
      ', ',
    )}
  </p>`;
}

function packages(offer: OfferView): Content {
  if (offer.packages.length === 0) return nothing('no package');
  return html`<ul class="plain" role="list">
    ${offer.packages.map(
      (one) =>
        html`<li>
          <span class="exactly">${one.id} ${one.version}</span> <small>${size(one.sizeBytes)}</small> ${
            one.held
              ? chip('held', 'here', 'good')
              : one.removed === true
                ? chip('removed')
                : chip('coming', 'on its way', 'wait')
          }
        </li>`,
    )}
  </ul>`;
}

type Missing = PageView['missingInputs'][number];

function missingFor(view: PageView, offer: OfferView): readonly Missing[] {
  return view.missingInputs.filter(
    (one) =>
      one.process === offer.process &&
      one.release === offer.release &&
      (one.link === null || linkName(view, one.link) === linkName(view, offer.link)),
  );
}

function inputs(view: PageView, offer: OfferView): Content {
  if (offer.inputs.length === 0) return nothing('nothing');
  const missing = Map.groupBy(missingFor(view, offer), (one) => one.name);
  // Only where there is a place to deploy to does somebody look for what is missing there.
  const asked = view.environments.length > 0 && offer.state !== 'refused' && offer.state !== 'withdrawn';
  return html`<ul class="plain" role="list">
    ${offer.inputs.map((input) => {
      const where = missing.get(input.name) ?? [];
      const state =
        where.length > 0
          ? html`${chip('missing', 'missing', 'bad')}
              <small
                >in
                ${joined(
                  where.map((one) => html`<bdi>${one.environment}</bdi>`),
                  ', ',
                )}</small
              >`
          : !input.required
            ? chip('optional', 'optional', 'off')
            : asked
              ? chip('set', 'set', 'good')
              : chip('needed', 'needed', 'off');
      const about = joined(
        [input.label !== null && html`<bdi>${input.label}</bdi>`, input.secret && 'secret'],
        ' · ',
      );
      return html`<li><span class="exactly">${input.name}</span> <small>${about}</small> ${state}</li>`;
    })}
  </ul>`;
}

function notes(text: string): Content {
  if (text.length <= notesShownMax) return text;
  return html`${text.slice(0, notesShownMax)}… <small>(${count(text.length, 'character')} in all)</small>`;
}

/** The very commands that bring this offer further: what is missing first, then the next environment. */
function next(view: PageView, offer: OfferView): Content {
  if (offer.state === 'withdrawn' || offer.state === 'refused') return null;
  const missing = missingFor(view, offer);
  if (missing.length > 0)
    return html`<p class="say">Only you know what is missing. Each asks for its value:</p>
      ${missing.map((one) =>
        typed(
          commandLine(
            'input',
            'set',
            one.name,
            '--env',
            one.environment,
            ...(one.secret ? ['--secret'] : []),
          ),
        ),
      )}`;
  const name = releaseName({ ...offer, link: linkName(view, offer.link) });
  if (offer.state === 'blocked')
    return html`<p class="say">See which rule blocks it:</p>
      ${typed(commandLine('release', 'show', name))}`;
  const environment = nextEnvironment(view.environments, { ...offer, link: linkName(view, offer.link) });
  if (environment === undefined)
    return view.environments.length > 0
      ? null
      : html`<p class="say">Say where it may go:</p>
          ${typed(commandLine('environment', 'add', 'NAME'))}`;
  return html`<p class="say">Next:</p>
    ${typed(commandLine('deploy', name, '--env', environment, '--wait'))}`;
}

function earlierTable(view: PageView, offers: readonly OfferView[]): Html {
  return table(
    'Earlier offers',
    ['Release', 'From', 'State', 'Offered', 'Reason'],
    offers.map((offer) => [
      [
        html`<bdi>${offer.process}</bdi> <span class="exactly">${offer.release}</span>`,
        linkTo(view, offer.link),
        chip(offer.state),
        since(offer.offeredAt, view.now),
        offer.reason === null ? nothing('none') : html`<bdi>${offer.reason}</bdi>`,
      ],
    ]),
  );
}
