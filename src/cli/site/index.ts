export { openSite, type SiteOptions } from './open-site.ts';
export { instanceSite } from './instance-site.ts';
export { holdSite } from './site-folder.ts';
export { takeOver, type Move } from './take-over.ts';
