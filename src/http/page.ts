import type { DeploymentView, FleetChoice, LinkView, OutboundLine, PageView } from '../projections/index.ts';
import { assets } from './assets.ts';
import { empty, section, typed } from './blocks.ts';
import { chip } from './chip.ts';
import { html, joined, type Content, type Html } from '../web/index.ts';
import { wayAtLength } from './link-cells.ts';
import { attentionSection, concerns, type Concerns } from './sections/attention.ts';
import { account, deploymentsSection, deploymentTitle } from './sections/deployments.ts';
import { environmentsSection } from './sections/environments.ts';
import { fleetSection } from './sections/fleet.ts';
import { ledgerSection } from './sections/ledger.ts';
import { linksSection } from './sections/links.ts';
import { offersSection } from './sections/offers.ts';
import { outboundSection, outboundTable } from './sections/outbound.ts';
import { releasesSection } from './sections/releases.ts';
import { logPart } from './sections/run-log.ts';
import { trace } from './sections/trace.ts';
import type { Readiness } from './source.ts';
import { since } from './since.ts';
import { commandLine, count, moment } from '../words.ts';

/** What every page is made from; `stamp` names the state it shows, so that the live script sees when it is old. */
export type PageFacts = {
  readonly view: PageView;
  readonly readiness: Readiness;
  readonly stamp: string;
  /** Where clients find the package feed; undefined where nothing is served. */
  readonly feed?: string | undefined;
};

/**
 * The status page: what needs a person, then the parts that this instance has something to say about. `find` is what the
 * customers shown were looked for by.
 */
export function statusPage(facts: PageFacts, { find }: Pick<FleetChoice, 'find'>): string {
  const { view } = facts;
  const found = concerns(view, facts.readiness);
  const isVendor = view.fleet.customers > 0 || view.releases.count > 0;
  const isCustomer = view.offers.length > 0;
  const parts: readonly Part[] = [
    ...(isVendor ? vendorParts(view, find) : []),
    ...(isCustomer ? [['offers', 'Offers', offersSection(view)] as const] : []),
    ['environments', 'Environments', environmentsSection(view)],
    ['deployments', 'Deployments', deploymentsSection(view)],
    ['outbound', 'What left', outboundSection(view)],
    ['links', 'Links', linksSection(view)],
    ['log', 'Log', ledgerSection(view)],
  ];
  const isNew = !isVendor && !isCustomer;
  return document(facts, {
    title: view.instance.name,
    health: health(facts.readiness, found),
    nav: parts.map(([id, name]) => html`<li><a href="#${id}">${name}</a></li>`),
    main: [attentionSection(found), isNew && welcome(), parts.map(([, , body]) => body)],
  });
}

type Part = readonly [id: string, name: string, body: Html];

function vendorParts(view: PageView, find: string): readonly Part[] {
  return [
    ['fleet', 'Fleet', fleetSection(view, find)],
    ['releases', 'Releases', releasesSection(view)],
  ];
}

/** One deployment with its whole trace, and the end of its log where it ran here. */
export function deploymentPage(
  facts: PageFacts,
  deployment: DeploymentView,
  log: string | undefined,
): string {
  const title = deploymentTitle(facts.view, deployment);
  return document(facts, {
    title: `${title} · ${facts.view.instance.name}`,
    health: health(facts.readiness, concerns(facts.view, facts.readiness)),
    nav: back,
    main: html`<section id="deployment" aria-labelledby="deployment-heading">
      <div class="heading">
        <h2 id="deployment-heading"><bdi>${title}</bdi></h2>
        ${chip(deployment.state)}
      </div>
      <div class="card inside">
        ${account(facts.view, deployment)}${trace(deployment)}${log !== undefined && logPart(deployment.id, log)}
      </div>
      <p class="aside">
        The same as data:
        <a href="/api/deployments/${encodeURIComponent(deployment.id.toWellFormed())}.json">JSON</a>, or
        <code>${commandLine('deployment', 'show', deployment.id)}</code>
      </p>
    </section>`,
  });
}

/** Everything the other side of a link can see. */
export function linkPage(facts: PageFacts, link: LinkView, lines: readonly OutboundLine[]): string {
  const newestFirst = lines.toSorted((a, b) => b.seq - a.seq);
  const called = `${link.name}${link.state === 'removed' ? ' (removed)' : ''}`;
  return document(facts, {
    title: `What ${called} can see · ${facts.view.instance.name}`,
    health: health(facts.readiness, concerns(facts.view, facts.readiness)),
    nav: back,
    main: section(
      'outbound',
      `What ${called} can see`,
      html`${count(lines.length, 'entry', 'entries')}, newest first; there is nothing else`,
      html`<dl class="facts inline card inside">
          <div>
            <dt>State</dt>
            <dd>${chip(link.state)}</dd>
          </div>
          <div>
            <dt>Their fingerprint</dt>
            <dd>
              ${link.fingerprint === null ? html`<span class="quiet">not known yet</span>` : html`<span class="words">${link.fingerprint}</span>`}
            </dd>
          </div>
          <div>
            <dt>Last heard</dt>
            <dd>
              ${link.heardAt === null ? html`<span class="quiet">never</span>` : since(link.heardAt, facts.view.now)}
            </dd>
          </div>
          ${wayAtLength(facts.view, link).map(
            ([name, value]) =>
              html`<div>
                <dt>${name}</dt>
                <dd>${value}</dd>
              </div>`,
          )}
        </dl>
        ${
          lines.length === 0
            ? empty(
                html`Nothing has been written for <bdi>${called}</bdi>.`,
                commandLine('feed', 'show', link.state === 'removed' ? link.link : link.name),
              )
            : outboundTable(facts.view.now, called, newestFirst)
        }`,
    ),
  });
}

/** The page for an address that has none; it needs nothing from the source, so it can be shown at any time. */
export function refusalPage(status: number, words: string): string {
  return html`<!doctype html>
    <html lang="en">
      <head>
        ${head(`${status} · crossgap`)}
      </head>
      <body>
        <main id="main" class="alone">
          <h1>${words}</h1>
          <p><a href="/">To the status page</a></p>
        </main>
      </body>
    </html> `.markup;
}

const back: Content = html`<li><a href="/">Status page</a></li>`;

function health(readiness: Readiness, { found, more }: Concerns): Html {
  const things = found.length + more;
  const bad = found.some((concern) => concern.tone === 'bad');
  if (readiness.checks.some((check) => check.state === 'failed'))
    return chip('not-ready', 'not ready', 'bad');
  if (!readiness.ready) return chip('starting', 'starting', 'wait');
  if (bad) return chip('troubled', `${count(things, 'thing')} to look at`, 'bad');
  return things > 0
    ? chip('asking', `${count(things, 'thing')} to do`, 'wait')
    : chip('well', 'all is well', 'good');
}

function welcome(): Html {
  return section(
    'welcome',
    'Begin here',
    null,
    html`<div class="grid">
      <div class="card empty">
        <h3>You make software</h3>
        <p>Add a signed package, publish how it is deployed, freeze both as a release, invite a customer.</p>
        ${[
          'package add FILE.nupkg',
          'process publish PROCESS.yaml',
          'link invite CUSTOMER --folder DIR --out FILE',
        ].map((line) => html`<p class="typed"><code>crossgap ${line}</code></p>`)}
      </div>
      <div class="card empty">
        <h3>You run somebody’s software</h3>
        <p>Accept the invitation the vendor sent, send the reply back, compare the words by phone.</p>
        ${['link accept FILE --folder DIR --out REPLY', 'link confirm VENDOR --fingerprint "SIX WORDS"'].map(
          (line) => typed(`crossgap ${line}`),
        )}
      </div>
    </div>`,
  );
}

type Shell = {
  readonly title: string;
  readonly health: Html;
  readonly nav: Content;
  readonly main: Content;
};

function head(title: string): Html {
  return html`<meta charset="utf-8" /><meta name="viewport" content="width=device-width, initial-scale=1" />
    <meta name="color-scheme" content="light dark" /><title>${title}</title>
    <link rel="stylesheet" href="${assets.style.path}" />
    <link rel="icon" type="image/svg+xml" href="${assets.mark.path}" />`;
}

function document({ view, stamp, feed }: PageFacts, shell: Shell): string {
  const { instance } = view;
  return html`<!doctype html>
    <html lang="en">
      <head>
        ${head(shell.title)}
        <script src="${assets.live.path}" defer></script>
      </head>
      <body>
        <a class="skip" href="#main">Skip to the content</a>
        <header class="top">
          <div class="width">
            <div class="brand">
              <img src="${assets.mark.path}" alt="" width="36" height="36" />
              <div>
                <h1>
                  <a href="/"><bdi>${instance.name}</bdi></a>
                </h1>
                <p class="quiet">crossgap ${instance.version}</p>
              </div>
            </div>
            <div class="who">
              <p class="label">Fingerprint</p>
              <p class="words">${words(instance.fingerprint)}</p>
            </div>
            <div class="state">
              <p id="health">${shell.health}</p>
              <p id="live" role="status" class="quiet">
                <time datetime="${view.now}">${moment(view.now)}</time>
              </p>
            </div>
          </div>
        </header>
        <nav class="places" aria-label="On this page">
          <ul class="width" role="list" id="places">
            ${shell.nav}
          </ul>
        </nav>
        <main id="main" tabindex="-1" data-stamp="${stamp}" class="width">${shell.main}</main>
        <footer class="width quiet">
          <p>
            <bdi>${instance.certificate}</bdi>, instance <span class="exactly">${instance.instanceId}</span>${
              instance.startedAt !== null && html`, started ${since(instance.startedAt, view.now)}`
            }
          </p>
          ${
            feed !== undefined &&
            html`<p>Packages for NuGet clients: <span class="exactly">${feed}</span></p>`
          }
          <p>
            As data:
            ${joined(
              ['status', 'fleet', 'offers', 'deployments', 'outbound', 'log'].map(
                (name) => html`<a href="/api/${name}.json">${name}.json</a>`,
              ),
              ' ',
            )} <a href="/metrics">metrics</a>
          </p>
        </footer>
      </body>
    </html> `.markup;
}

function words(fingerprint: string): Html {
  return joined(
    fingerprint
      .split(/[\s-]+/)
      .filter((word) => word !== '')
      .map((word) => html`<span>${word}</span>`),
    ' ',
  );
}
