export { runDaemon, type DaemonOptions, type DaemonSummary, type ListenAt } from './compose.ts';
export { revisionOf } from './freeze-plan.ts';
export { newerRevision, previewPlan, refuseUnfitHost, unknownPlaces, type PlanPreview } from './preview.ts';
export { settleDeployment } from './settle.ts';
export { feedViews, outboundLines, readDeployment, readStatus } from './status.ts';
