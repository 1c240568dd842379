import type { PageView } from '../projections/index.ts';
import { html, type Html } from '../web/index.ts';

/** The name people gave the link, whether `link` is its name or its id. */
export function linkName(view: PageView, link: string): string {
  return view.called(link) ?? link;
}

export function linkHref(name: string): string {
  return `/links/${encodeURIComponent(name.toWellFormed())}`;
}

export function deploymentHref(id: string): string {
  return `/deployments/${encodeURIComponent(id.toWellFormed())}`;
}

/** A customer or vendor by name, leading to all that it can see. Only a link that exists has such a page. */
export function linkTo(view: PageView, link: string): Html {
  const name = view.called(link);
  if (name === undefined) return html`<bdi>${link}</bdi>`;
  return html`<a href="${linkHref(name)}"><bdi>${name}</bdi></a>`;
}

/** The release as commands know it: `PROCESS/NUMBER`, with the link before it where it came over one. */
export function releaseName(facts: {
  readonly link: string | null;
  readonly process: string;
  readonly release: string;
}): string {
  const own = `${facts.process}/${facts.release}`;
  return facts.link === null ? own : `${facts.link}:${own}`;
}
