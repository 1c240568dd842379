export { ensureHubAuthority, type HubAuthority } from './authority.ts';
export { HubError, type HubErrorCode } from './errors.ts';
export { planHub, type HubCustomer, type HubLink, type HubPlan, type HubWish } from './hub-plan.ts';
export { defaultRoutePort } from './hub-plan.ts';
export {
  checkHubSettings,
  hubSettingsFile,
  ownHubUrls,
  readHubSettings,
  settingUnfit,
  streamLimits,
  writeHubSettings,
  type HubServer,
  type HubSettings,
} from './hub-settings.ts';
export { parseHubUrl, parseHubUrls, type HubUrl } from './hub-url.ts';
export { customerAccess, type CustomerAccess } from './customer-account.ts';
export { isUserKey } from './user-key.ts';
export { writeHub, type HubFile, type WrittenHub } from './write-hub.ts';
