export { openSite, type SiteOptions } from './open-site.ts';
export { holdSite } from './site-folder.ts';
export { takeOver, type Move } from './take-over.ts';
