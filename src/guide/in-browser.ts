/** What shows the guide in a browser; read only where that is wanted. */
export const inBrowser = (): Promise<typeof import('./web/index.ts')> => import('./web/index.ts');
