/** What shows the guide in a browser; read only where that is wanted. */
export const inBrowser = () => import('./web/index.ts');
