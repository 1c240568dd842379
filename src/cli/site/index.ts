export { openSite, type SiteOptions } from './open-site.ts';
