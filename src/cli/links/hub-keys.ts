/** What takes large libraries of what a hub is made of: read where a link goes by it, and nothing else with it. */
export { ensureHubAuthority, isUserKey } from '../../hub/index.ts';
